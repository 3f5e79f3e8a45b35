// Package process runs programs and makes sure that nothing is left of them.
// It knows no HTTP and no WebSocket.
//
// # The life of a process
//
//		Launcher.Start -> Process -> (Stop) -> Exited -> Reap -> Close
//
//	 1. Start makes the pipes and forks. The child leads a session and a process
//	    group of its own, so that one signal reaches everything it starts.
//	 2. Exited is closed when the leader has exited. It is a zombie then: its
//	    pid, which also names its group, cannot be given to another process.
//	 3. The reader of the output goes on until the pipe is empty; what is in a
//	    pipe does not die with its writer.
//	 4. Reap kills what is left of the group and only then collects the leader.
//	    A signal is never sent to a group whose leader is collected and whose
//	    last member is gone: the number may belong to a foreign group by then.
//	    Only where a BSD has no room for a watch the leader is collected as it
//	    exits, before 2. On Windows a handle keeps the number.
//	 5. Close reaps a process that has exited, and returns when the whole session
//	    is gone. One that still runs it does not stop: it holds it, as it does a
//	    session of which something is left, and returns an error. End stops first.
//
// The whole session ends with the process, including members that moved to other
// groups (job control, timeout): they are found among the orphans a subreaper adopts.
// A descendant that started its own session (setsid) goes on running; that is the
// documented way to outlive a connection. Without a subreaper, and outside Linux,
// only the group ends.
//
// What is held, such as a process that may not be signaled any more because it runs as
// another user, keeps its place: OnGone tells its owner when it has gone after all.
//
// A wait of the ladder begins when the action before it is done. It is extended while
// members are ready to run but other processes have the processors, and while a child
// that is between fork and exec keeps their input open; see [Grace].
//
// # Started ahead
//
// A [Pool] keeps processes that are not in use yet. Each belongs to the pool until
// Take hands over its files, its slot and the duty to end it, all together. The pool
// reaps, closes and replaces a member that exits before that. A member's output waits
// in its pipes. The caller of Take sets OnExit, and so misses no exit.
//
// # The death of the server
//
// A killed server cannot clean up. A [Launcher] with Guard keeps a guardian, a second
// process in its own session. It reads a pipe whose only writer is the server, and to
// which nothing is ever written. When the pipe ends, the guardian kills what is
// listed in a table: memory that the server writes and that outlives it. Listing a
// process costs one store. A guardian that is killed or stopped is replaced by
// another, which gets the same table.
//
// Processes are started one at a time. Before each start, the server stores the mark
// that the child will carry and pass on to everything it starts. After the start it
// stores the child's pid. So the guardian finds a process that was just being started
// by its mark. When server and guardian are killed together, PR_SET_PDEATHSIG
// remains, which kills a child when the thread that forked it ends.
package process
