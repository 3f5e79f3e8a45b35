package readbuf

import (
	"errors"

	"websocketd/libwebsocketd/bridge"
)

// stayer is a source whose owner can stay where it waits, from one message to the
// next.
//
// To wait for a descriptor, the runtime forgets first that there was something to
// read ([syscall.RawConn] Read begins anew), so that whoever comes to wait must try to
// read: for every message once in vain. Whoever stays inside of one such Read need
// not. The poller is told of every change of a descriptor once (epoll(7), EPOLLET) and
// keeps that until the next wait, so a wait that begins after a read has emptied the
// descriptor ends at whatever comes after that read:
//
//   - Bytes that came before it, were read by it: fewer than there was room for says
//     that there are no more.
//   - The end of a socket that came before it, is told by the read itself
//     (TCP_INQ); without that word nobody stays.
//   - A reset that came before it and in the same moment as the bytes, is found by the
//     keep-alive's probe, a second later.
//   - The end of a pipe that came before it, is told with the program's exit. It has
//     nothing to say before, since whoever has the beginning of a message does not
//     trust a short read. (A program that has made its output a packet pipe, O_DIRECT
//     in pipe(2), may see its second packet read with its third.)
type stayer interface {
	// stay calls use whenever there may be something to read, and waits when it
	// returns. Meanwhile readInto reads at most once for each call, and does not wait;
	// then its error is errEmpty. stay returns when the reader must look for itself:
	// after a read that may have left something, at the end, past a deadline, and when
	// use says so.
	Stay(use func() (leave bool))
}

// ErrEmpty is a stayer's instead of waiting. It is not final.
var ErrEmpty = errors.New("nothing to read now")

// Stay is for a source that may be a stayer.
func Stay(s Source, use func() (leave bool)) {
	if s, ok := s.(stayer); ok {
		s.Stay(use)
	}
}

// batches is what messages are taken from: next blocks for at least one.
type batches interface {
	Next() ([]bridge.Message, error)
}

// EachArrived calls each with what can be had without waiting. It reports false at the
// end, which Receive tells again.
func EachArrived(from batches, each func([]bridge.Message)) bool {
	for {
		batch, err := from.Next()
		if err != nil {
			return err == ErrEmpty
		}
		each(batch)
	}
}
