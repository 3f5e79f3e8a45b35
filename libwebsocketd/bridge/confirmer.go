package bridge

import "errors"

// Confirmer is a Broadcast that wants to know which messages a client has confirmed, so
// that others need not be kept for it. That is stronger than what the client's system has
// acknowledged (Listener.BytesAcked): the page may have been reloaded in between.
//
// Its methods must not block. A Confirming client calls Confirm and ConfirmEnd for one
// confirmation at a time, from any goroutine, also after the Confirmer's Close, but not
// after Pipe has returned.
type Confirmer interface {
	Broadcast

	// Confirm reports that the client has all messages up to number, one of those that
	// Deliveries has returned. The numbers grow from one call to the next.
	Confirm(number uint64)

	// ConfirmEnd reports that the client was told how the program ended (see IsEnd),
	// after all of its output. It is called at most once, and after the last Confirm.
	ConfirmEnd()

	// ConfirmEvery returns after how many bytes of output, with ChunkCost for each chunk,
	// a client is to be asked what it has. It is constant.
	ConfirmEvery() int
}

// Confirming is a Listener that can tell what it has.
type Confirming interface {
	Listener

	// ConfirmTo is called once, before Deliver, if the program is a Confirmer. From then
	// on the client confirms to it.
	ConfirmTo(Confirmer)
}

// confirmTo connects a client that can tell what it has to a program that asks.
func confirmTo(client Listener, program Broadcast) {
	asks, ok := program.(Confirmer)
	if !ok {
		return
	}
	if tells, ok := client.(Confirming); ok {
		tells.ConfirmTo(asks)
	}
}

// IsEnd reports whether the end of a conversation is the end of its program: it has ended,
// or what it prints is no message. After any other cause the program may go on.
func IsEnd(cause error) bool {
	var ended *EndedError
	var broken *BrokenError
	return errors.As(cause, &ended) || errors.As(cause, &broken)
}
