// Package shared is lifetime shared: one process for all clients of a URL, each of
// whom is a viewer. Many listen to what one process says, and what they say goes to
// it message by message.
//
//	Open -> supervisor: the URL's hub, or a new one -> Subscription, a viewer
//
//	process -> listen -> flow -> record -> Subscription -> viewer     (many)
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
//   - The output is read as fast as viewers take it, not as fast as it comes: the law of a
//     slow viewer is that of package flow. One that was waited for in vain is closed with
//     1013 (SlowClose), or goes on with a note of what it misses (SlowDrop); SlowBlock
//     waits for every one, until the server goes away.
//
// Who starts a goroutine waits for it:
//
//	goroutine         started by     ends when                      waited for by
//	a hub             Open, Serve    its last process has ended     Server.Shutdown
//	output, input     a hub          the process has ended          the hub
//	files that change Serve          the supervisor has no hub left     Server.Shutdown
package shared
