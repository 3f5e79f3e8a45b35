// Package pow serves Process Over WebSocket, pow-1: a client calls a program by its name, with
// parameters, talks to it, closes its input, cancels it, and gets a result.
//
//	handler, err := pow.New(pow.Options{})
//	server, err := libwebsocketd.New(libwebsocketd.Config{Programs: programs, Dialects: []libwebsocketd.Dialect{handler}})
//
// The way of a call over WebSocket:
//
//	Handler.Serve -> opening: the call, and input before it -> Handler.start -> execution
//	-> talk, the program's side, and caller, the client's -> Request.Converse -> result
//
//	message.go    what clients send: a call, a signal
//	execution.go  a call that runs, a process or a function (function.go), with its input
//	              (input.go) and its result (result.go, lastline.go)
//	clock.go      the wait for a call
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
//     it is seen. Beyond the limit nothing more is read from the client.
//
//   - A process is canceled by SIGINT, SIGTERM and SIGKILL, with its input open: the end of
//     its input means that the input is complete. That holds for a client that is gone, too.
//     The second request to cancel closes the input.
//
//   - A result is fulfilled when the process has exited with status 0, or the function has
//     returned no error. After a mistake of the client it never is.
//
// # Goroutines
//
//	goroutine             started by      ends when                       waited for by
//	writing of input      input           nothing waits, or proc.Close    execution.close
//	a cancellation        cancel          the process is gone             execution.close
//	a function            startFunction   it returns                      function.Close
//	the end of a wait     startClock      it has told the client          clock.stop
package pow
