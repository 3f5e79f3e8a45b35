// Package control is the listener for the operator: what runs, who is connected, what the
// processes write, and how to end them. Its clients are `websocketd ctl`, dashboards, and
// whatever reads metrics. It is separate from the listener for everyone.
//
//	core --Observer--> control: a channel of the hub for each process, and counts
//	/ws, /api/channels     the hub
//	/api/..                what there is, and how to end it
//
// # The law of who may ask
//
// Every route says who may ask for it; one that does not panics when it is added. Whatever
// says something about the server needs the token, except through the unix socket, which
// only its owner can open. The Host of every request must be a name of this listener, and a
// page must be this listener's own (see package gate): a page of another site can neither read
// nor steer, by DNS rebinding either.
package control
