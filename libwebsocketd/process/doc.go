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
//	    whole group is gone.
//
// A descendant that leaves the group (setsid, job control) is on its own; that
// is the documented way to outlive a connection.
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
// second process in a session of its own that reads a pipe whose only writer is
// the server. It is told every group by number, and when the pipe ends it kills
// those it still has on its list. PR_SET_PDEATHSIG covers the moment between
// the fork and that message, and only because all forks come from one thread
// that lives as long as the launcher: the signal is sent when the forking
// thread ends, not the process.
package process
