package shared

import "websocketd/libwebsocketd"

var _ libwebsocketd.Confirmer = Confirmer{}

// Confirmer is a Subscription whose client is asked to confirm what it has. With
// HubOptions.Hold a hub needs them.
type Confirmer struct{ *Subscription }

// Confirm records that the client has all messages up to number.
func (c Confirmer) Confirm(number uint64) { c.hub.Confirm(number) }

// ConfirmEnd records that the client was told how the program ended. Of a client of plain
// HTTP only its system is known to be, or that of a proxy before it.
func (c Confirmer) ConfirmEnd() {
	if c.notes {
		c.hub.tellSomebody()
	} else {
		c.hub.ConfirmEnd()
	}
}

// ConfirmEvery returns after how many bytes of output a client is asked to confirm.
func (c Confirmer) ConfirmEvery() int { return max(c.hub.Life.History/8, 1) }

// Confirm records that some client has all messages up to number, as far as there are any:
// they are dropped when room is needed, and the process waits for the others.
func (h *Hub) Confirm(number uint64) {
	_, last := h.output.Kept()
	h.flow.Confirm(min(number, last))
}

// Confirmed returns the last message that some client has confirmed.
func (h *Hub) Confirmed() uint64 { return h.flow.Confirmed() }

// tellSomebody records that some client may have been told how the program ended. A hub
// that is kept for ever is then kept for toldTime, for a client that was not.
func (h *Hub) tellSomebody() {
	select {
	case h.said <- struct{}{}:
	default:
	}
}

// ConfirmEnd records that some client was told how the program ended: with Hold, nothing is
// kept for others any more.
func (h *Hub) ConfirmEnd() {
	if closed(h.done) {
		h.tell.Do(func() { close(h.told) })
	}
}
