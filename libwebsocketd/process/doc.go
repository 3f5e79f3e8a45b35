// Package process runs programs and makes sure that nothing is left of them.
// It knows no HTTP and no WebSocket.
//
// # The life of a process
//
//		Launcher.Start -> Process -> (Stop) -> Exited -> Reap -> Close
//
//	 1. Start makes the pipes and forks. The child leads a session and a process
//	    group of its own, so that one signal reaches everything it starts.
//	 2. Exited is closed when the leader has exited. It is a zombie then: its pid,
//	    which is also the name of its group, cannot be given to anybody else.
//	 3. Whoever reads the output goes on until the pipe is empty; what is in a
//	    pipe does not die with its writer.
//	 4. Reap kills what is left of the group and only then collects the leader.
//	    A signal is never sent to a group whose leader is collected and whose
//	    last member is gone: the number may belong to a stranger by then.
//	 5. Close stops a process that still runs, reaps it, and returns when the
//	    whole session is gone.
//
// Whatever is in the session ends with the process, in groups of its own (job
// control, timeout) too: those are found among the orphans a subreaper adopts. A
// descendant with a session of its own (setsid) is on its own; that is the
// documented way to outlive a connection. Without a subreaper, and outside Linux, it
// is the group that ends.
//
// A process that may not be signalled any more, because it runs as another user, is
// held: its owner is told by OnGone when it has gone after all.
//
// A wait of the ladder begins when the action before it is done. While members are
// ready to run, but others have the processors, it is not over; see [Grace].
//
// # Started ahead
//
// A [Pool] keeps processes that nobody uses yet. Each belongs to the pool until
// Take gives it away, files, slot and duty to end it together; a member that
// exits before is reaped, closed and replaced by the pool. What it says waits in
// its pipes. Who takes it sets OnExit anew, and so misses no exit.
//
// # The death of the server
//
// A killed server can tell nobody. A [Launcher] with Guard keeps a guardian: a
// second process in a session of its own, that reads a pipe whose only writer is
// the server, and to which nothing is ever written. When the pipe ends it kills what
// is listed in a table: memory that the server writes and that outlives it. To list
// a process is a store. One guardian that is killed or stopped is replaced by
// another, which gets the same table.
//
// Processes are started one after the other. Before each the mark is stored that the
// child will carry, and hand down to whatever it starts; after it, the child's
// number. So the guardian finds what was being started by its mark. PR_SET_PDEATHSIG,
// which ends a child when the thread ends that forked it, is what remains when server
// and guardian are killed together.
package process
