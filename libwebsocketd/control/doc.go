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
// When another server takes this one's place, the channels are its own from then on, with their epochs
// and numbers (hub.Hub.Lift, TakeOver): a process that goes on is not told as running once more. One
// that stays with the old server, to the end of its client, is "left" with -1: nobody hears of it any
// more.
//
// Where several processes have one channel, those of a shared program below its path or of its
// users, it has the lines of all. It says "running" with the first, and how the last one
// ended when none is left. A restarted process goes on in the same channel.
//
// # The law of the counts
//
// A total never falls. What a conversation has moved is counted where it runs, and when it has
// ended, by Ended; between the two it is known in both places. Began and Ended keep the set of
// those that run, and only what is in this set at the moment of a scrape is taken from
// Server.Conversations. One scrape follows the other. A conversation counts for no program
// before it has one, and moves nothing until then, so it changes its program never.
//
// # The law of who may ask
//
// Every route says who may ask for it; one that does not panics when it is added. Whatever
// says something about the server needs the token, except through the unix socket, which
// only its owner can open. The Host of every request must be a name of this listener, and a
// page must be this listener's own (see package gate): a page of another site can neither read
// nor steer, by DNS rebinding either.
//
// The checks of a request, in their order; the first failure answers:
//
//	gate.Hosts     every route                                             421
//	the page       every route, but to read what is open                   403
//	the ticket     where one may stand in the URL, and does                403
//	the token      every route that is not open, but for a unix socket     401, 429
//	the route      404 and 405 come after the token: a stranger learns
//	               nothing of what there is
//
// # Connections
//
// A connection counts from accept until it is closed or is a client of the hub by WebSocket or
// packets. The hub counts its clients, those of events too, and has no more than the descriptors
// that the server leaves (peerLimit). Those whose first request was not admitted yet are strangers: they may be
// few, and the oldest makes place for a new one. TCP and unix sockets are counted apart: who
// opens many of the one kind keeps nobody from the other.
//
// What comes first on a unix socket decides what the client speaks (conn.Read): the beginning
// of an HTTP request, or the length of a packet. A client that sends packets is served by
// the goroutine in which net/http waits for its first request.
package control
