// Package libwebsocketd turns anything with a stdin and a stdout into a
// WebSocket server. It is the core of the command websocketd, and can be mounted
// in a program's own mux:
//
//	server, err := libwebsocketd.New(libwebsocketd.Config{Command: []string{"./count.sh"}})
//	if err != nil { ... }
//	defer server.Shutdown(context.Background())
//	http.Handle("/count", server)
//
// # The way of a request
//
//	request -> route -> admit -> launch -> upgrade -> PipeEndpoints -> ending
//
// The files bear these names. A process is started before the 101, so that a
// failure to start is an HTTP status; everything that can be refused without a
// process is refused before. With Config.Prefork a process that was started ahead
// takes the place of a launch, if one is ready (prefork.go).
//
// A server has one program, Config.Command, or many, Config.Programs, each at a URL
// path of its own. The route carries the program, and everything behind it takes its
// settings from there. The table of programs is never changed: [Server.Reload] puts
// another in its place, which the next request sees (table.go).
//
// # Other programs, other clients
//
// Two things a conversation is made of can come from elsewhere, and the core knows
// no more of them than an interface:
//
//   - A Lifetime (lifetime.go) opens the program's side: not a process of the
//     client's own but, say, what many clients share. If it is a Broadcast
//     (broadcast.go) its output is framed once for all of them.
//   - A Face (visit.go) serves clients that make no WebSocket handshake. It is
//     asked about a request when no CGI script is there, gets it when it was let in,
//     and opens the same program's side: any Face goes with any Lifetime.
//
// # The console
//
// With Config.Console the server has a page to try programs with (console.go), made of
// the files in the folder console. What a WebSocket cannot tell it comes by a second
// one, which bridges a pageFeed with the page (console_feed.go). A handshake of the
// page carries the feed's mark; whatever else is known of that connection there is
// in an onlooker (console_onlooker.go), which is nil for every other client and costs
// nothing then. The log is where it listens.
//
// # The law of a conversation
//
// [PipeEndpoints] runs one goroutine for each direction. Neither has a queue: what
// the sink does not take is not read from the source, so a slow client slows the
// program down, and a slow program the client.
//
//   - The program ends: what it said before is delivered first, then the client is
//     told how it ended, then its session is gone, then the connection is closed.
//   - The program closes or ignores its input: the client's messages are read and
//     dropped, because its close frame and its pongs come behind them. Nothing
//     else changes.
//   - The program closes its output: nothing changes. Its exit is its end.
//   - The client ends, or is found dead: the program is asked to end by the ladder
//     (package process). What it still says is read, so that it can end, and
//     counted as undelivered. The client's close is answered at once.
//   - The program prints what its framing has no message in (framing.go): what was
//     whole before is delivered first, then the client is told 1011 and why, then
//     the program is asked to end. What it still says is read and thrown away.
//   - The client says what the framing cannot carry: the program gets what came
//     before it, and nothing of it. The client is told 1008 or 1003 at once; from
//     then on it is as if the client had ended.
//   - The server goes away: as if the client had ended, but what the program says
//     is delivered, and the client is told 1001 at the end.
//
// # The law of a byte
//
// A byte is read once, copied into the frame or line it goes out in, and written
// once. Nothing is allocated for a message that is valid and comes in one frame or
// line, and an idle connection holds no room.
//
//   - A batch is what one read brought (inbox.go), as messages that point into the
//     room it was read to: valid until the next Receive, changed by nobody.
//   - A batch is written at once, in as few writes as it takes, before the next
//     read that may block. Nothing waits for more, and there is no timer.
//   - Nothing is read in vain: who was told that a read left nothing waits at once
//     (stay.go; on Linux).
//   - Room is taken from a pool when there is something to read, and goes back
//     before waiting (source.go). A message that has not come whole keeps it, a few
//     bytes do not; TLS waits with 4 KiB.
//   - Frames are ours in both directions (frame.go, frame_reader.go, conn.go);
//     gorilla/websocket does the handshake, and is the measure in the tests: for
//     the same bytes the same messages and close codes, for the same messages the
//     same bytes. The one difference is a close frame of one byte, which is 1002.
//   - Whoever has the right to write (conn.writing) writes control frames that
//     others have put aside meanwhile: they do not wait for him.
//
// Who starts a goroutine waits for it:
//
//	goroutine             started by            ends when               waited for by
//	the conversation      ServeHTTP             PipeEndpoints returns   Server.Shutdown
//	a feed of the console serveFeed             PipeEndpoints returns   Server.Shutdown
//	client to program     PipeEndpoints         Receive fails           PipeEndpoints
//	ending the program    PipeEndpoints         the group is gone       PipeEndpoints
//	stderr to the log     the first word there  the pipe ends           ProcessEndpoint.Close
//	broken output         ProcessEndpoint       the pipe ends           ProcessEndpoint.Close
//	two tagged streams    ProcessEndpoint       the pipes end           ProcessEndpoint.Close
//	pings and probes      timers                they are made           WebSocketEndpoint.Close
//	reverse lookup        Server                it timed out            Server.Shutdown
//	filling the pool      Server (prefork.go)   Pool.Close              Pool.Close
//	ending the pool       Shutdown or Reload    its sessions are gone   Server.Shutdown
package libwebsocketd
