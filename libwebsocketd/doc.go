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
// # The law of a conversation
//
// [PipeEndpoints] runs one goroutine for each direction. Neither has a queue: what
// the sink does not take is not read from the source, so a slow client slows the
// program down, and a slow program the client.
//
//   - The program ends: what it said before is delivered first, then the client is
//     told how it ended, then the group is gone, then the connection is closed.
//   - The program closes or ignores its input: the client's messages are read and
//     dropped, because its close frame and its pongs come behind them. Nothing
//     else changes.
//   - The program closes its output: nothing changes. Its exit is its end.
//   - The client ends, or is found dead: the program is asked to end by the ladder
//     (package process). What it still says is read, so that it can end, and
//     counted as undelivered. The client's close is answered at once.
//   - The server goes away: as if the client had ended, but what the program says
//     is delivered, and the client is told 1001 at the end.
//
// Who starts a goroutine waits for it:
//
//	goroutine             started by            ends when               waited for by
//	the conversation      net/http              PipeEndpoints returns   Server.Shutdown
//	client to program     PipeEndpoints         Receive fails           PipeEndpoints
//	ending the program    PipeEndpoints         the group is gone       PipeEndpoints
//	stderr to the log     ProcessEndpoint       the pipe ends           ProcessEndpoint.Close
//	two tagged streams    ProcessEndpoint       the pipes end           ProcessEndpoint.Close
//	pings and probes      timers                they are made           WebSocketEndpoint.Close
//	reverse lookup        Server                it timed out            Server.Shutdown
//	filling the pool      Server (prefork.go)   Pool.Close              Pool.Close
//	ending the pool       Shutdown or Reload    its groups are gone     Server.Shutdown
package libwebsocketd
