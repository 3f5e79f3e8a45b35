// Package control is the listener for the operator: what runs, who is connected, what the
// processes write, and how to end them. Its clients are `websocketd ctl`, dashboards, and
// whatever reads metrics. It is separate from the listener for everyone.
//
//	core --Observer--> control: a channel of the hub for each process, and counts
//	/ws, /api/channels     the hub
//	/api/..                what there is, and how to end it
//
// # The law of a process's channel
//
// It says "running", then what the process writes to both streams, line by line, then how it
// has ended: "exited" with its status, or "killed" with -1 where a signal has ended it. A process
// that does not start is "failed" with -1, and all clients are sent why.
//
// Where several processes have one channel, those of a shared program below its path or of its
// users, it has the lines of all. It says "running" with the first, and how the last one
// ended when none is left. A restarted process goes on in the same channel.
//
// # The law of who may ask
//
// Every route says who may ask for it; one that does not panics when it is added. Whatever
// says something about the server needs the token, except through the unix socket, which
// only its owner can open. The Host of every request must be a name of this listener, and a
// page must be this listener's own (see package gate): a page of another site can neither read
// nor steer, by DNS rebinding either.
package control
