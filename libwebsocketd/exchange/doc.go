// Package exchange is an HTTP request and its answer as the client's side of a
// conversation: the body is received, what the program says is sent.
//
// It is to plain HTTP what package ws is to WebSocket. Whoever serves a program over
// plain HTTP brings an Encoder, which says how a conversation stands in an answer, and
// pipes the program to a Client. An Opener is an Encoder whose program says the status
// and the header itself, as CGI has it.
//
//	c := exchange.New(going, w, r, exchange.Options{Encoder: ..., Peer: ...})
//	c.Begin(0)
//	bridge.Pipe(program, c)
//	if !c.IsWhole() { ... break the connection off ... }
//
// # The law of an answer
//
//   - What the program says at once is written and flushed at once, in its order, in
//     pieces of 16 KiB (writer.go). There is no queue: a client that does not read
//     holds the program back.
//   - The answer of an Opener is held back until its status and header are whole, and
//     then for 20 ms, as long as it has no more than 32 KiB (opening.go): most programs
//     have ended by then, and the answer tells its length. Where there is no status at
//     the end, or no body to be had of the client, the Opener gives another answer.
//   - A client that waits to be told to send its body (RFC 9110 section 10.1.1) is told
//     at once.
//   - The connection is used again if there was no body when the header was made, which
//     is at Begin. That of an Opener is made when the answer begins, and so its connection
//     is used again also when the body was over by then.
//   - A body nobody takes any more is thrown away at the end, while it comes without a
//     pause: a client that sends all before it reads gets its answer (body.go).
//   - An answer of text is compressed for a client that accepts that (gzip.go), where
//     Options.Gzip has memory for it, and then every flush has all that was said. What does not
//     end as a whole answer does not end as a whole gzip file either.
//   - An answer is whole when it tells the end, or when the program has exited by
//     itself. Any other must be broken off, so that nobody takes it for a whole one.
//
// # The law of silence
//
// A program, and its slot, must not wait for ever for a client that is not there
// (guard.go). Two ping intervals without a sign of life are enough, where there is
// something for the client to do:
//
//	the client                                       is known by                is given up with
//	takes none of what is being written to it        the deadline of the write  CloseError
//	takes none of what our system has for it         its acknowledgements       ErrNotTaking
//	sends no more of a body that is waited for       the bytes of the body      ErrStalled
//	sends a body that is none, or ends in it         an error of its reader     ErrBroken
//	has left, while nothing is read                  a reset of its connection  CloseError
//
// While it is the program that takes no more of the body or says nothing, the client's
// silence means nothing. Where the Encoder has comments, two of them that are not taken
// tell, or one, if its system has acknowledged nothing since the one before that came;
// nobody looks at the client besides.
//
// A client that has left may still have some of its body to send, and one that has
// closed its sending half may have left: only something that is written to it tells. A
// comment is, and else an interim response (100), as long as the answer has not begun:
// at once after the client's end, and while its body is held back after a ping interval;
// then in pauses that double, because some clients take only a few, and the fetch of Node
// none. Once the answer has begun, and the program is silent, such a client is gone when its
// system, or TCP's keep-alive, gives up; so is that fetch, behind a body that is held back.
//
// Where there is no Client but an answer that is given at once after a wait, as to a
// long-poll, Ask does likewise after the client's end, once in every ping interval.
//
// What the server answers by itself, and files, have the clock of WithClock (clock.go), which
// the Server and the Control put around every request.
//
// The clock of a client stands still by as much as our own looks are late.
//
// # What a client has
//
// A program that asks what a client has (bridge.Confirmer) is told less than by a
// WebSocket, because plain HTTP has no pongs. What the client's system has acknowledged
// counts, or a proxy's before it, though a page that is reloaded at that moment never gets
// it. Where acknowledgements tell nothing, over HTTP/2 and on systems other than Linux,
// what was written without an error counts. The end counts likewise, and is waited for.
// Nothing of this is needed by a client that comes back with Last-Event-ID, as an
// EventSource does: that says exactly what it has.
//
// # Who waits
//
// Whoever starts a goroutine waits for it:
//
//	goroutine              started by   ends when                       waited for by
//	comments, the guard    Begin        Client.Close                    Client.Close
//	end of holding back    Begin        the answer begins, or Close     Client.Close
//	the client has left    New          its context is done, or Close   Client.Close
//	the client is silent   Begin        Options.Silent is done, or Close Client.Close
//	looks at what it has   Deliver      it has everything, or CloseSend CloseSend
//	questions              Ask          settle, or the client has left  settle
//
// Any of them may be writing when Close is called; Close first ends what is written.
package exchange
