// Package upgrade replaces a running server by a new one, which may be of another version, without
// the end of what outlives its clients: listeners, processes with what is in their pipes, records,
// sessions, and the operator's channels.
//
// # The law of an upgrade
//
//		old server                                        new server
//		start the executable, with a socket          ->
//		offer: listeners, channels to parents        ->   read the settings, take the listeners,
//		                                             <-   ready (or: failed, and why)
//		stand still: clients are sent away,
//		nobody reads or writes the pipes
//		each channel, record, session and process    ->
//		all                                          ->   everything is understood
//		                                             <-   taken
//		the listeners and the pipes are its own      ->   go: serve
//		drain what lives for a connection
//
//	  - Until "taken" nothing has changed: if the new server ends, says failed or is late, the old one
//	    goes on, with its clients' messages in the order in which they came.
//	  - From "taken" on nothing goes back. The old server closes its descriptors before it says go, so
//	    that no byte has two readers.
//	  - What is just being ended is not handed over. Its end is waited for, for a while; else the old one goes on.
//	  - A process remains the child of the server that has started it, which is its parent until it
//	    ends: only a parent can collect it. A channel of packets connects each parent with the server
//	    that looks after its children. When the channel ends without a word, that server was killed,
//	    and the parent ends the children. When the parent was killed, the system ends them.
//	  - What is to end already ends with the old server, and the new one does not begin it by itself. What
//	    is only to begin is begun by one of the two. Whoever asks for something once all stands still is
//	    answered when that is over; if "taken" has come, that he has to ask again.
//	  - A server that is no parent of a process which it cannot hand over is not replaced before that has
//	    ended: nobody would look after it.
//	  - The first server remains until the last one ends: it is what a shell, a service manager or a
//	    container has started. It passes signals on through the channel, which in the midst of an upgrade
//	    one of the two servers reads, and ends with the status of the last one. When it is killed, that
//	    one ends too. Those between end when they have no child and no client.
//	  - A packet is JSON, a message a frame of encoding/gob. Both may get further fields; what an
//	    older server does not know it ignores.
//
// The package is for Linux. Elsewhere there is no upgrade.
package upgrade
