// Package record keeps the newest part of something that is said once and heard
// by many: a bounded, numbered history, and readers that are positions in it.
//
// # The law of a record
//
// What is said comes in items, each of some messages: what one read of a program
// brought, framed once. The log numbers messages, not items: message N is the Nth
// that was ever appended, so who counts what it has received knows where it is.
//
//   - Items are kept and handed out whole and by reference. Nobody copies one,
//     and nobody changes one that was appended.
//   - There is no queue per reader. A [Reader] is a number and costs the log
//     nothing, however far it is behind and whether or not it is ever used again.
//     What it holds by itself is what it took last. One too slow to find its next
//     message is told by [GoneError] what it missed: there is no silent hole.
//   - Over its [Limits] the log drops its oldest items, never the newest one.
//     Nothing is dropped before the room is needed, but by [Log.Drop].
//   - By [Log.Hold] the messages above a floor are kept: for them Append waits,
//     and so the program. That is the only thing it waits for, never a reader.
//   - An item of no messages is a remark: it stands between two messages and has
//     no number. It is read in its place, again by who comes back to that place,
//     and is not missed by who comes too late.
//   - After [Log.Close] readers get what is left, and then its error.
//
// A number means something only together with the log it was counted in: a
// [Position] is both, as text for clients that come back.
//
// The package starts no goroutine and knows no clock.
package record
