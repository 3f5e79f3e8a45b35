// Package hub is one WebSocket for many channels: a client subscribes to those it wants, and
// gets what is published in them. It is a library by itself, for any http.Handler; websocketd
// publishes in it what its processes write.
//
// The messages and the names are those of the process-streaming hub (go-ws): a page that was
// written for that one works here.
//
//	SendProcessOutput, Channel.Output -> record -> dispatch (Run) -> Client.write -> client
//	client -> Client.read -> subscribe, unsubscribe, ping
//
// # The law of a channel
//
//   - A channel is a bounded, numbered record (package record). What is published in it gets
//     the next number, seq, and is dropped when the room is needed. A number means something
//     together with the epoch of the channel: a channel that was forgotten and comes back has
//     another one.
//   - A subscriber is a position in the record. It has no queue. One whose next message has
//     been dropped is closed with 1013, try again later. Whoever publishes never waits.
//   - A subscriber begins with what is published next. Before that it gets the present status
//     of the process (process_status), with the number that has. With "after", EPOCH:N, it
//     gets what is kept after N, then a message "subscribed", then what is published next.
//     "recovered" says whether nothing between N and now is missing.
//   - One message is one frame. It is formed once for all subscribers, when the first of them
//     takes it: a channel without subscribers costs what its record costs. Of lines that is one
//     copy of their text, which nobody looks at; it lies where that of the oldest lines lay, if
//     they are dropped for it. Whoever was about to form those is told that they are dropped.
//   - A channel without subscribers is forgotten ten minutes after its last message, unless
//     somebody has opened it (Hub.Open).
//
// # The law of a handover
//
// A Hub of another process can go on with the channels: Lift, TakeOver. The epochs and numbers are the
// same there, so that a client that comes back with after finds its place. From Lift on the numbers that
// are given here are known to nobody: either no client ever gets what has them, or, if the other Hub does
// not go on, every client gets it. So no number means two messages. What a channel was opened with goes
// with it, and the limits of all channels together are those of the other Hub.
//
// # The law of what is held
//
// Whatever a client can make the Hub hold has a limit (Options), and so has what all channels
// keep together. Where there is no room, channels without subscribers go first, the longest
// idle before others; then the oldest of the largest histories, down to one size. A client is
// refused, or its subscription, rather than another one's.
//
//   - A client that does not read its answers is read no further.
//   - What is being written to a client is held meanwhile. Nothing is added to it once it has
//     256 messages or 64 KiB.
//   - A client that takes nothing of that for WriteTimeout is cut. One that takes something,
//     however slowly, is sent the close frame that is due to it. Its system says what it has
//     taken (bridge.Listener): that we are late does not count.
//   - One that is to go, by Client.Close, has WriteTimeout for what was being written to it,
//     whether it takes some or not. At the end of Run it has a second or two.
//
// # Clients that cannot upgrade
//
// ServeChannel and ChannelHandler answer a GET for one channel:
//
//	Accept: text/event-stream   server-sent events: the messages as a WebSocket has them, each
//	                            with EPOCH:N as id; event "subscribed" after what was missed;
//	                            event "end", {"code","reason"}, at last
//	otherwise                   {"epoch","recovered","pending":[message,..],"next":"EPOCH:N","more"}:
//	                            what is kept after a position, at most 1,000 messages or 1 MiB;
//	                            with wait=DURATION it waits for something, at most 5 minutes
//
// The position is that of Last-Event-ID, lastEventId= or after=, in this order. A long-poll
// without one gets everything that is kept, and "recovered" says whether that is all there
// ever was. A reader of events is a client as any other; what is sent to all clients it does
// not get, because that has no position.
//
// # Who waits
//
// Each client has two goroutines, and Run waits for both:
//
//	goroutine       started by      ends when                               waited for by
//	Client.serve    Handler, or it  the client is gone, slow, or Run ends   Run
//	                is the caller's
//	Client.read     serve           the connection is closed                serve
//	a client's cut  Run             its link is closed                      Run
//	the last wait   Run             all clients are gone                    Run
//
// Locks are taken in this order: Hub.mu, Channel.publishing, Channel.mu, outbox.mu. No hook of
// the Options is called with one of them.
package hub
