// Package mcp serves MCP servers, programs that read and write JSON-RPC on stdin and stdout, over
// Streamable HTTP.
//
//	POST    one message: a request is answered with its response, as JSON or as events
//	GET     with Mcp-Session-Id: what the process says that is for no request; with
//	        Last-Event-ID: what a client has missed of a stream
//	DELETE  with Mcp-Session-Id: end the session
//
//	supervisor (face.go) -> modern.go: everyone  ┐
//	                     -> legacy.go: conversation ┴ child -> line -> process
//	process -> line.read -> child.route -> call -> stream -> listening -> answer
//
// There are two eras, which a client chooses by how it opens (2026-07-28, "Versioning"). A process
// serves one of them. Up to 2025-11-25 there are sessions: each has a process, is a
// session.Session, and is ended by DELETE, by its own process, or when nothing has been open for
// Resume. From 2026-07-28 on nothing depends on who has asked before, so that one process, of a
// shared.Hub, serves everyone. A WebSocket has a process of its own.
//
// # The law of a message
//
//   - It is passed on byte for byte, but for the line ends between its members, and for what stands in
//     it of who has asked: the id of a request, its progress token, the id of a subscription,
//     the id of a canceled request.
//
//   - Every request gets a number of ours towards the process, which is also its progress token.
//     The client's own comes back as the client has written it. So clients that use one id for
//     everything do not get each other's answers.
//
//   - A member that decides where a message goes is there once, and under its own name: programs
//     that ignore the case of names, or that take the last of two, would see another message
//     than we do.
//
//   - A process without an answer answers all the same: when it ends, when it takes no more, or
//     when it has said nothing for any request in Start, its open requests get an error with the
//     cause. A response, progress, and what is of a subscription is something.
//
// # The law of an answer
//
//   - It is JSON if the response is what the process says first for a request, else events from
//     the first message to the response. When a ping interval is over and nothing was said, it
//     begins as events.
//
//   - Progress goes to the request whose token it has, and never after the response. What is for
//     the log, and what the process asks, goes to the newest request that a client reads, in a
//     session; what is for no request goes to GET, and waits for one, as far as History reaches.
//
//   - A stream of a session is kept when its client has gone, and may be gone on with by GET and
//     Last-Event-ID, EPOCH:STREAM:N. All streams of a session that nobody reads together have History bytes;
//     the oldest goes first.
//
//   - The process of a session waits for a client that reads a stream and does not take what it
//     says; package exchange gives up one that takes nothing for two ping intervals. Nobody waits
//     for a client of a process that serves everyone: its stream breaks off when it is
//     History bytes behind, or if nothing of it was sent yet the answer is an error.
//
//   - A client of 2026-07-28 that leaves cancels its request. In a session that cancels nothing.
//
// # The law of an upgrade
//
//   - Another server goes on with a session: with its id, its process, its streams and their events, its
//     open requests and their numbers, and what the process has asked (move_session.go). So it
//     does with a process that serves everyone, and what is known of that (move_everyone.go).
//
//   - A request that is not to be interrupted has passed the turnstile of its process. While somebody
//     wants to lift that, nobody else passes; afterwards others are led to the new server, by 307 to
//     the same URL: clients follow that, and most do not come again after a 503.
//
//   - In a session a request is in the turnstile until its client can come back for the rest: in
//     2025-11-25 until it is sent to the process, in older revisions until the first event,
//     where the client takes no events until it is answered. Then the stream ends with retry, and is
//     gone on with at the new server. One that stays in for longer than quietTime fails the upgrade,
//     because a session cannot have two servers.
//
//   - A request of 2026-07-28 is in until it is answered, for nobody can come back for that answer. A
//     process with one that takes longer than quietTime stays with the old server, until it
//     is answered; the new one starts another. Where the old server is not the parent of
//     the process, that fails the upgrade. A subscription is ended with its result.
//
// Whoever starts a goroutine waits for it:
//
//	goroutine             started by    ends when                           waited for by
//	reader of a process   child.hold    nobody holds the line, or the       child.end
//	                                    process has ended
//	end of a quiet line   child.release lineTime after the last request     nobody; the end of the process is sooner
//	time of the start     answer.serve  something was said, or over         the same request
package mcp
