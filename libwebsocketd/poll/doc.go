// Package poll serves programs to clients that cannot make a WebSocket: a page's
// EventSource, curl, a proxy that does not upgrade. All of it is plain HTTP, of
// whatever version.
//
//	GET,  Accept: text/event-stream            the output as server-sent events
//	GET   ?wait=30s, Accept: application/json  what has been said since, or the wait is over (long-poll)
//	POST, lifetime connection                  the body is the input, the answer the output up to the exit
//	POST, any other lifetime                   the body is one message
//	OPTIONS, Access-Control-Request-Method     what a page of another origin may ask for
//
// A GET that is none of these is not answered here and never starts a program.
//
// # The law of an answer
//
// It is that of package exchange, whose Encoders are here: events and plainForm. Besides:
//
//   - Nothing is started for a request that is refused, nor for one with
//     Last-Event-ID: an EventSource comes back by itself, and 204 stops it (HTML
//     section 9.2.3).
//   - The client that leaves ends its conversation, and with it a program that is
//     its own. One that only closes its sending half after its whole request has not
//     left; something written to it tells, which for one that waits is an interim
//     response (exchange.Ask), and else TCP's keep-alive probes, within two minutes. A server that goes away still delivers what the program says.
//   - The end is told in the answer: by an event or a member; by a trailer, where the
//     client asks for trailers; by a header, where nothing was said before.
//   - A program that asks what a client has (libwebsocketd.Confirmer) is told that the end
//     has come when the client's system has taken the answer that tells it. A client of
//     wait= says by after= what it has.
//   - Headers that the server's configuration sets win over those of this package.
//
// # The law of events
//
// Every message has an id, EPOCH:N, which says that it is message N of those that
// are counted in EPOCH (package record). There is no block without data, which some
// clients take for an empty event: a stream begins with a comment, and a comment is one
// line.
//
// The text of what many listen to is formed once, in sections of a write each. For those
// who come to them later the newest are kept, 4 MiB for all programs together, until newer
// ones take their place: also when a program has ended and nobody listens any more. What
// is being written to a client is held besides, one section for each (exchange/section.go).
//
//	(message)   text without a CR, which would end a line of it
//	json        text with a CR, as a JSON string
//	base64      a binary message
//	gap         {"from":A,"to":B}: messages this client has missed
//	restart     {"reason":"exit status 3"}: another process takes over
//	end         {"code":4003,"reason":"exit status 3"}: the last event
//
// Whoever starts a goroutine waits for it:
//
//	goroutine              started by    ends when             waited for by
//	giving up              after.Close   its endpoint closed   the same request
package poll
