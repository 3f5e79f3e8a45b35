// Package record keeps the newest part of an output that is written once and read by
// many: a bounded, numbered history, and readers that are positions in it.
//
// # The law of a record
//
// The output comes in items, each of some messages: the result of one read from a
// program, framed once. The log numbers messages, not items: message N is the Nth
// that was ever appended, so a client that counts what it has received knows its
// position.
//
//   - Items are kept and handed out whole and by reference. They are never copied,
//     and an item must not change once it was appended.
//   - There is no queue per reader. A [Reader] is a number and costs the log
//     nothing, however far back it is and whether or not it is ever used again. It
//     holds only what it took last. A reader too slow to find its next message gets
//     a [GoneError] that tells what it missed: there is no silent gap.
//   - Over its [Limits] the log drops its oldest items, never the newest one.
//     Nothing is dropped before the room is needed, except by [Log.Drop] and [Log.DropWhile].
//   - [Log.Hold] keeps the messages above a floor: Append waits rather than drop
//     them, and so the program waits. Append never waits for a reader.
//   - An item of no messages is a remark: it stands between two messages and has
//     no number. It is read in its place, and again by a client that comes back to
//     that place. It goes with the message that follows it, not before, so that
//     nobody reads past it unawares. A client that comes too late does not miss it.
//   - Between [Log.Seal] and [Log.Unseal] readers get nothing that is appended then.
//   - After [Log.Close] readers get what is left, and then its error.
//
// A number means something only together with the log it was counted in: a
// [Position] is both, as text for clients that come back.
//
// The package starts no goroutine and knows no clock.
package record
