// Package shared is lifetime shared: one process for all clients of a URL. Each client
// is a viewer. All viewers get the output of the process, and what they send goes to
// it message by message.
//
//	Open -> supervisor: the URL's hub, or a new one -> Subscription, a viewer
//
//	process -> listen -> flow -> record -> Subscription -> viewer     (many)
//	viewer  -> Subscription -> input -> feed -> process               (one by one)
//
// # The law of a hub
//
//   - A URL never has more than one process. A client that comes while one is being
//     ended waits for the next.
//
//   - The result of one read of the output is framed once (libwebsocketd.Chunk), kept
//     in a record, and written to every viewer from there. A viewer has no queue: it
//     is a position in the record.
//
//   - A new viewer gets what is kept and then what comes. Nothing in between is lost
//     or comes twice, because both are the same record.
//
//   - The beginning of the output (KeepFirst) is kept separately. A new viewer gets
//     the part of it that the history no longer has, with its numbers.
//
//   - A viewer's message is whole before it goes to the process, and is not mixed with
//     another's. A message sent while there is no process waits for the next one, unless
//     its sender gives up first (SendUntil).
//
//   - A process that is restarted goes on in the same record, with the same numbers.
//     Its viewers are sent a note. Where a note would be taken for a message they are
//     closed with 1012 instead, and a viewer that comes then begins with the output of
//     the new process. A client that counts its messages asks for that (notes=no).
//
//   - The process ends by itself, or it is ended by the ladder: when the last viewer
//     has left and Linger is over, when its file has changed, or when the server shuts
//     down. Its last output is delivered first.
//
//   - A hub that another server is to go on with stands still first (Lift): its viewers have left, and its
//     process runs on with nobody who reads or writes. It does not while a process is being ended,
//     whoever has asked for that: the other server gets what follows. It gets what the watch over files
//     has seen, too, so that a change which neither of the two has found yet restarts the process.
//
//   - What is kept is counted. While there is a process, its slot of MaxForks counts
//     it. Afterwards a shelf (shelf.go) does, with room for MaxForks of them. The
//     shelf drops the oldest first, even if a viewer still reads it.
//
//   - The output is read as fast as viewers take it, not as fast as it comes. Package
//     flow has the law of a slow viewer: which viewers are waited for, and how long. A
//     viewer that was waited for in vain is closed with 1013 (SlowClose), or goes on
//     with a note of what it misses (SlowDrop). SlowBlock waits for every viewer until
//     the server shuts down.
//
// Whoever starts a goroutine waits for it:
//
//	goroutine         started by     ends when                          waited for by
//	hub               Open, Serve    no client can come back to it      Server.Shutdown
//	output, input     the hub        the process has ended              the hub
//	watcher of files  the first hub  no hub has files any more          the last hub
//	watcher of trees  Tree.Watch     no tree is watched any more        the last release
//
// # Hub
//
// A Hub may be used by other lifetimes, which decide what it is for: lifetime session has
// one for each session. With HubOptions.Hold it keeps what no client has confirmed. The
// process then waits, whether there are viewers or not; a hub without a process is kept
// until some client was told the end.
package shared
