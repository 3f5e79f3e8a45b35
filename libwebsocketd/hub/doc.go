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
//     takes it: a channel without subscribers costs what its record costs.
//   - A channel without subscribers is forgotten ten minutes after its last message, unless
//     somebody has opened it (Hub.Open).
//
// # Who waits
//
// Run starts nothing. Each client has two goroutines, which Run waits for:
//
//	goroutine     started by  ends when                               waited for by
//	Client.serve  Handler     the client is gone, slow, or Run ends   Run
//	Client.read   serve       the connection is closed                serve
//
// Locks are taken in this order: Hub.mu, Client.mu, Channel.mu, Client.queueing.
package hub
