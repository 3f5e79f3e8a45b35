// Package pow serves Process Over WebSocket, pow-1: a client calls a program by its name, with
// parameters, talks to it, closes its input, cancels it, and gets a result.
//
//	handler, err := pow.New(pow.Options{})
//	server, err := libwebsocketd.New(libwebsocketd.Config{Programs: programs, Dialects: []libwebsocketd.Dialect{handler}, Mounts: handler.Mounts()})
//
// The way of a call over WebSocket:
//
//	Handler.Serve -> opening: the call, and input before it -> Handler.start -> execution
//	-> talk, the program's side, and caller, the client's -> Request.Converse -> result
//
//	message.go    what clients send: a call, a signal; pieces.go: one that comes in pieces
//	execution.go  a call that runs, a process or a function (function.go), with its input
//	              (input.go) and its result (result.go, lastline.go)
//	clock.go      the wait for a call
//
// The way of a request of the REST API, below the same path:
//
//	Handler.serveREST -> serveNew -> Handler.choose -> execution, which restCall.run reads
//	-> serveCall -> status, input, closeInput, cancel
//
//	rest.go            its paths and methods
//	rest_new.go        new
//	rest_call.go       a call and what is done with it; rest_lines.go: its newest output
//	rest_calls.go      which calls there are, and how long
//	rest_documents.go  openapi.json and docs/, made of the files in rest
//	move.go            calls that another server goes on with; pause.go: one that stands still
//
// # The law of a call
//
//   - A call is a process of its own, whatever the lifetime of its program, and as long as its
//     conversation. Its framing is raw: no line is looked for, no newline is added.
//
//   - All output comes before the result. The result is the one binary message to the client,
//     and its last; the close frame after it is 1000 with an empty reason, also when the
//     server goes away.
//
//   - Input waits, up to a limit, for a process that does not read it, so that a signal after
//     it is seen. Beyond the limit nothing more is read from the client. What waits or is being
//     written counts against the memory for messages, but for a reserve, which needs none. Of a
//     call message nothing is held once the process runs.
//
//   - The rate of messages begins with the call: before it nothing is held back, and little is
//     taken.
//
//   - A process is canceled by SIGINT, SIGTERM and SIGKILL, with its input open: the end of
//     its input means that the input is complete. That holds for a client that is gone, too.
//     The second request to cancel closes the input.
//
//   - A result is fulfilled when the process has exited with status 0, or the function has
//     returned no error. After a mistake of the client it never is.
//
// # The law of a call over HTTP
//
//   - It belongs to the user who has made it, and its id, which nobody can guess, is the key
//     to it. The log has the first eight digits.
//
//   - It is there from the answer to new until nobody has asked for it for Options.Expiry. A
//     request counts as long as it is under way. The time is counted in looks, so that our own
//     lateness is not taken for the client's.
//
//   - It has a place among the sessions (Options.Sessions) until it is over and forgotten. Where
//     there is no place, one whose client has its result, or of which nothing was started,
//     gives its own up.
//
//   - What is wrong with a call is its result. What the client may not do, or not now, is the
//     answer to new: the client can show who it is, or come again.
//
//   - Input is never waited for: what has no room is refused, and can be sent again.
//
//   - Another server goes on with it: see Lift. What begins, feeds or ends a call waits while calls
//     stand still, and is refused with 503 when they have gone; nothing of it was done then. A
//     call that is being canceled is waited for. That of a function stays, and nobody can ask for
//     it any more.
//
// # Goroutines
//
//	goroutine             started by       ends when                       waited for by
//	writing of input      input            nothing waits, or proc.Close    execution.close
//	a cancellation        cancel           the process is gone             execution.close
//	a function            startFunction    it returns                      function.Close
//	the end of a wait     startClock       it has told the client          clock.stop
//	reading a REST call   begin            the call is over                Server.Shutdown
//	looking at REST calls calls.add        there are none                  Server.Shutdown
package pow
