// Package bridge has the two sides of a conversation, what moves between them, and
// Pipe, which moves it. It knows no process and no socket.
//
// An Endpoint is one side: a program or a client. Every feature is another member of
// one of the two families, or a protocol that pipes one of each.
//
// # The law of a conversation
//
// Pipe runs one goroutine for each direction. Neither has a queue: what the sink does
// not take is not read from the source, so a slow client slows the program down, and a
// slow program the client.
//
//   - The program ends: its output is delivered first. Then the client gets a close code
//     that says how it ended, then the program's session is gone, and then the
//     connection is closed.
//   - The program closes or ignores its input: the client's messages are read and
//     dropped, because its close frame and its pongs come after them. Nothing else
//     changes.
//   - The program closes its output: nothing changes. Its exit is its end.
//   - The client ends, or is found dead: the program is asked to end (see
//     process.Ladder). What it still prints is read, so that it can end, and counted as
//     undelivered. The client's close is answered at once.
//   - The program prints what is no message of its framing: what was whole before is
//     delivered first. Then the client gets 1011 and the reason, and then the program is
//     asked to end. What it still prints is read and thrown away.
//   - The client sends what the framing cannot carry: the program gets what came before
//     it, and nothing of it. The client gets 1008 or 1003 at once; from then on it is as
//     if the client had ended.
//   - The server goes away: as if the client had ended, but the program's output is
//     delivered, and the client gets 1001 at the end.
//
// # What a client has
//
// A write that succeeds says little: the output may be on its way, or have come to a page
// that is being reloaded. What a Listener knows of a client goes to a Broadcast in two
// grades:
//
//   - BytesAcked: the client's system takes output. A client that does is not too slow.
//   - Confirmer: the client has these messages. A program that outlives its connections
//     need not keep them for it. How a client tells is its own affair (packages ws and
//     exchange); one that cannot is not asked.
//
// Whoever starts a goroutine waits for it:
//
//	goroutine           started by  ends when           waited for by
//	client to program   Run         Receive fails       Run, or its settle
//	ending the program  Run         the program is gone Run's settle
package bridge
