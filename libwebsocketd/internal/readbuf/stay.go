package readbuf

import (
	"errors"

	"websocketd/libwebsocketd/bridge"
)

// stayer is a source whose owner can stay where it waits, from one message to the
// next.
//
// Before the runtime waits for a descriptor it forgets that there was something to read
// ([syscall.RawConn] Read resets that). A reader must therefore try to read before it
// waits: once in vain for every message. A reader that stays inside one such Read need
// not. The poller reports every change of a descriptor once (epoll(7), EPOLLET) and
// keeps the report until the next wait. So a wait that begins after a read has emptied
// the descriptor ends at whatever comes after that read. What came before it:
//
//   - Bytes were read by it: a short read means that there are no more.
//   - The end of a socket is reported by the read itself (TCP_INQ); without that report
//     no reader stays.
//   - A reset, in the same moment as the bytes, is found by the keep-alive's probe, a
//     second later.
//   - The end of a pipe is noticed with the program's exit. It means nothing before
//     that, since a reader that has the beginning of a message does not trust a short
//     read. (A program that has made its output a packet pipe, O_DIRECT in pipe(2), may
//     see its second packet read with its third.)
type stayer interface {
	// Stay calls use whenever there may be something to read, and waits when it
	// returns. Meanwhile ReadInto reads at most once for each call of use, and does not
	// wait but returns ErrEmpty. Stay returns when the reader must read by itself:
	// after a read that may not have emptied the descriptor, at the end, past a
	// deadline, and when use returns true.
	Stay(use func() (leave bool))
}

// ErrEmpty is what a stayer returns instead of waiting. It is not final.
var ErrEmpty = errors.New("nothing to read now")

// Stay calls the Stay of s if it is a stayer, and otherwise does nothing.
func Stay(s Source, use func() (leave bool)) {
	if s, ok := s.(stayer); ok {
		s.Stay(use)
	}
}

// batches is what messages are read from: Next blocks for at least one.
type batches interface {
	Next() ([]bridge.Message, error)
}

// EachArrived calls each with every batch that can be had without waiting. It returns
// false at the end, whose error the next Receive returns.
func EachArrived(from batches, each func([]bridge.Message)) bool {
	for {
		batch, err := from.Next()
		if err != nil {
			return err == ErrEmpty
		}
		each(batch)
	}
}
