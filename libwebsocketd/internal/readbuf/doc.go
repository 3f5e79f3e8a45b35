// Package readbuf buffers what is read from a source until messages are made of it. Both
// sides of a conversation read through it.
//
// # The law of a byte
//
// A byte is read once, copied into the frame or line it leaves in, and written once.
// Nothing is allocated for a message that is valid and comes in one piece, and a
// connection that waits holds no buffer.
//
//   - A batch is what one read brought, as messages that point into the buffer: valid
//     until the next read, and never changed.
//   - A batch is passed on at once, before the next read that may block. Nothing waits
//     for more, and there is no timer.
//   - Nothing is read in vain: a reader that knows its descriptor to be empty waits at
//     once (stay.go; on Linux).
//   - A block is taken from a pool when there is something to read and goes back before
//     waiting (source_unix.go). A message that has not come whole keeps it; a few bytes
//     do not. TLS waits with 4 KiB.
package readbuf
