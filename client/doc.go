// Package client talks to programs that websocketd serves, and comes back where it was when
// a connection is lost.
//
//	c, err := client.Dial(ctx, "ws://localhost:8080/", nil)
//	if err != nil {
//		return err // a *ws.Refusal has the server's sentence
//	}
//	defer c.Close()
//	c.Write(ctx, client.Message{Kind: client.Text, Data: []byte("hello")})
//	for m, err := range c.Messages(ctx) {
//		if err != nil {
//			return err // an *Ending says how the program has ended
//		}
//		fmt.Printf("%d: %s\n", m.Number, m.Data)
//	}
//
// A Conn is a [bridge.Endpoint] as well, in the place of the program: Pipe connects it with
// anything else that is one.
//
// StartCall calls a program by its name, with parameters (pow-1, websocketd --pow). Such a
// Call has an end of input and a result, can be canceled, and lives as long as its one
// connection; the law of a conversation is not its own.
//
// # The law of a conversation
//
//   - Every message comes once and in order, over one connection after another, where the
//     program's process outlives a connection: lifetime shared (--shared), supervised and session
//     (--resume). Message N is the Nth that the process has said, so a client that counts
//     can say what it has: after=EPOCH:N. What is not kept any more is told, before what
//     comes after it: Options.Missed.
//   - A program of lifetime connection ends with its connection. The next one has another
//     process, and Opened.Resumed is false.
//   - The server's close is the end if it says how the program has ended, or why this client
//     is to stay away. After any other one, and when a connection breaks off, the client
//     comes back: a second later, then after twice the time, up to 30 s; half of it is
//     chance. A restart (1012) is no failure, and the first time there is no pause.
//   - A refused connection ends it, but for what may pass: 429, 502, 503, 504, 409 of a
//     session that another connection of this client still holds, and 410 when other messages
//     are kept than a moment ago.
//   - Where two WebSockets in a row do not come about, though the server answers, it is
//     server-sent events and a POST for each message, each sent after the answer to the one
//     before. A WebSocket is tried again and again, and takes over when there is one.
//   - A message is sent once. One during which the connection was lost may be lost with it.
//     By plain HTTP it is one message that is refused, or may be lost, and the connection
//     stays: Write returns the error, and Options.NotSent has it for Send and the queue. Only
//     429 and 503 of the server itself say that it may be sent again, which is done.
//   - A session is made by the first connection, and Session has what opens it.
//
// # Who does what
//
// The goroutine that receives makes the connections as well, so that there is no queue: a
// program is slowed down by a client that does not receive. Whoever starts a goroutine
// waits for it:
//
//	goroutine            started by   ends when                      waited for by
//	pump                 Read         the conversation is over       Close
//	getting over         begin        the stream is not in use       Close
//	watching a stream    openStream   the stream is not in use       Close
//	sending the queue    begin        it is sent, or the link lost   Close
//	end of a context     bind         the call is over               next
//
//	conn.go       Conn: receiving, counting, leaving
//	connect.go    one connection after another; delay.go: the pauses between
//	state.go      what the server says of the program (?state), sessions, addresses
//	link.go       a WebSocket; stream.go: events instead; fallback.go: from one to the other
//	send.go       Send, Write and the queue; read.go: Read and Messages
//	ending.go     which ends are final, and what they say
//	call.go       Call, StartCall; call_input.go: what is sent; call_result.go: what comes
package client
