// Command load measures how fast websocketd is, and compares it in the same run
// with other builds of it and with what is possible at all.
//
//	load [flags] ours=./websocketd peer=/path/to/an/older/one
//
// Every further NAME='COMMAND LINE' is one more target. `make bench` is the short
// form.
//
// # What is measured
//
//   - stream/SIZE: a child floods its output with lines of SIZE bytes, in chunks
//     of 64 KiB that may end in the middle of a line; stream/100x10 over ten
//     connections, stream/100-linewise with a write for each line. binary: the same
//     bytes in binary frames.
//   - upload/SIZE: a client floods a child that counts. Only what the child counted
//     is counted, and its answer ends the time.
//   - connect/SIZE: what websocketd connect prints of a stream. The limit is what its
//     server can send: stream/SIZE.
//   - echo/CONNSxSIZE: through cat, each connection one message at a time.
//   - churn/CONNS: connect, read the line of /bin/echo (-sh: of a shell), wait for
//     the end; CONNS at a time.
//   - paced: 20 children with 200 lines a second each, and how old the lines are
//     when they arrive.
//   - firstline/LANGUAGE: from dialing to the first line, ten times a second; with
//     --prefork=4 too if the target has that flag.
//   - idle/CONNS: what connections to cat cost on which nothing happens.
//   - slow/CLIENTS: what clients cost that never read from a flooding child, and
//     what another client notices.
//   - fanout/CONNS: CONNS subscribers of one child that floods as in stream/100,
//     with --shared --slowclient=block, and as +close with --shared alone. A target
//     without these flags has one child for each subscriber. How much the slowest
//     and the fastest of them get, relative to the mean, is a measure. The limit is
//     one loop that writes to one subscriber after the other.
//   - calm/CONNS: CONNS viewers of one child with 10 lines a second, and what each
//     costs; a target that cannot share has one child for each.
//   - events/CONNS: CONNS viewers of one child with 10,000 lines a second, and how
//     old these are at the others when one viewer stops reading (only with windows
//     of 1.5 s and more), dies or joins.
//   - hub/100: what events is, for subscribers of the hub of --admin; viewers of the same
//     program are measured beside them.
//   - hub/10, hub/10000: ten, and ten thousand, subscribers of one channel. Ten lines are written when all have
//     had the ten before, so nobody is too slow: how many deliveries there are, what each
//     costs, and what a subscriber does, beside viewers of the same program. The limit is a
//     loop that writes frames made before to one subscriber after the other.
//   - join: clients that get 1 MiB of history, send a line and wait until it comes
//     back: of a shared process (shared), and of a session (+session).
//   - supervised/PROGRAMS: what supervised programs cost that do nothing, while their
//     metrics and those of the machine are sent each second, and as +unseen while nobody asks.
//   - mcp/call-CLIENTS: clients of MCP over HTTP that call a tool again and again, each on a
//     connection that is kept, in the newest protocol, which has no sessions. mcp/session-CLIENTS: in
//     the one before, each in its session. The limit is the MCP server on bare pipes.
//   - mcp/abandoned-SESSIONS: sessions whose clients open a stream and never come back. Half of them
//     close their connections, the network of the others is gone. A session is kept for 5 s, where the
//     target can be told so; we ping each second. How many MCP servers are left is counted 7.5 s later,
//     and then it is waited for ten seconds more.
//
// Two targets take part in mcp only. They are given without flags:
//
//	sdk=/path/to/everything-server              of the Go SDK: it is behind all the others, and serves HTTP itself
//	supergateway='/path/to/node /path/to/supergateway/dist/index.js'
//
// Without sdk, a child of this program is the MCP server. All of these are of MCP:
//
//	load -only=mcp ours=./websocketd sdk=... supergateway=...
//
// `make bench-mcp` is the short form.
//
// # The law of these measurements
//
//   - Numbers of one machine at one time mean little. What counts is the ratio
//     to the target named peer and to the limit, measured in the same run. The limit
//     is the same child on bare pipes, or gorilla/websocket without a child.
//   - Every measurement has a fresh server. Repetitions are interleaved over the
//     targets, each beginning with another target. Ratios are taken within a
//     repetition, and the median of those is printed.
//   - What is measured is checked: streams and uploads are patterns of which
//     both ends know every byte, echoes are compared. If something was lost or
//     wrong the exit status is 1, unless the peer did it: that is a note.
//   - The client must not be what is measured: it sends frames made beforehand,
//     and compares what comes with frames made beforehand. "client cores" in the
//     JSON file shows how many processors it used.
//   - The server's CPU time is the kernel's clock of that process, without its
//     children.
//   - Nothing sleeps to let something happen. Only processes this program started
//     are ended.
package main
