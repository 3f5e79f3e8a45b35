// Package shared is lifetime shared: one process for all clients of a URL, each of
// whom is a viewer. Many listen to what one process says, and what they say goes to
// it message by message.
//
//	Open -> supervisor: the URL's hub, or a new one -> Subscription, a viewer
//
//	process -> listen -> pace -> record -> Subscription -> viewer     (many)
//	viewer  -> Subscription -> input -> feed -> process               (one by one)
//
// # The law of a hub
//
//   - There is never more than one process of a URL. Who comes while one is ended
//     waits for the next.
//
//   - What one read of the output brought is framed once (libwebsocketd.Chunk), kept
//     in a record, and written to every viewer from there. There is no queue for a
//     viewer: it is a position in the record.
//
//   - A new viewer gets what is kept and then what comes, without anything in
//     between lost or twice: both are the same record.
//
//   - The beginning of what a process says (KeepFirst) is kept besides. A new viewer
//     gets of it what the history has no longer, with its numbers.
//
//   - A message of a viewer is whole before it goes to the process, and is not mixed
//     with another's. What is said while there is no process waits for the next one.
//
//   - A process that is started again goes on in the same record, with the same
//     numbers. Its viewers are told by a note, or with 1012 where a note would be
//     taken for a message: who comes then begins with what that process says.
//
//   - The process ends by itself, or by the ladder: when the last viewer has left
//     and Linger is over, when its file has changed, or when the server goes away;
//     then its last words are delivered first.
//
//   - What is kept is counted: while there is a process, by its place of MaxForks; when
//     there is none, on a shelf (shelf.go) with room for MaxForks of them, from which
//     the oldest is dropped first, whoever still reads it.
//
// # The law of a slow viewer
//
// A viewer is slow when what it is to get next is no longer kept, and only by what it was
// given and did not take: that we come late to it does not count. The output is not
// read as fast as it comes, but as fast as viewers take it (pace.go):
//
//   - SlowBlock: what somebody has not taken stays kept, and the process waits, until
//     the server goes away.
//   - Otherwise it waits, too, but when somebody else has had everything and has to
//     wait with it, only for viewers that lack nothing older than a second, or than
//     five if they have taken something within the last. Where everybody is slow it
//     waits for each that takes something within five seconds. So a burst loses
//     nobody who reads, a slow viewer alone loses nothing, and one who stands still, or
//     is slower than the others by much, is let go.
//
// Who starts a goroutine waits for it:
//
//	goroutine         started by     ends when                      waited for by
//	a hub             Open, Serve    its last process has ended     Server.Shutdown
//	output, input     a hub          the process has ended          the hub
//	files that change Serve          the supervisor has no hub left     Server.Shutdown
package shared
