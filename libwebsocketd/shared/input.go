package shared

import (
	"errors"
	"time"

	"websocketd/libwebsocketd"
)

// said is what a viewer has said at once: whole messages.
type said struct {
	batch []libwebsocketd.Message
	done  chan error // has room for the answer
}

// newSaid copies a batch: its viewer may leave while it is being written.
func newSaid(batch []libwebsocketd.Message) *said {
	size := 0
	for i := range batch {
		size += len(batch[i].Data)
	}
	data, own := make([]byte, 0, size), make([]libwebsocketd.Message, len(batch))
	for i, m := range batch {
		from := len(data)
		data = append(data, m.Data...)
		own[i] = m
		own[i].Data = data[from:len(data):len(data)]
	}
	return &said{batch: own, done: make(chan error, 1)}
}

// answer is what the viewer is told if there is an answer already, else otherwise: what
// was taken must not be said not to have been, when the process ends just then.
func (s *said) answer(otherwise error) error {
	select {
	case err := <-s.done:
		return err
	default:
		return otherwise
	}
}

// feed takes what viewers say to a process, one batch after another, until quit. What
// the process has not taken then is kept for the next one.
func (h *hub) feed(program libwebsocketd.Endpoint, quit <-chan struct{}) {
	for {
		s := h.kept
		if h.kept = nil; s == nil {
			select {
			case s = <-h.input:
			case <-quit:
				return
			}
		}
		if closed(quit) {
			h.kept = s
			return
		}
		err := program.Send(s.batch)
		if err != nil && h.heard(err) == nil && endsSoon(quit) {
			h.kept = s
			return
		}
		s.done <- h.heard(err)
	}
}

// endWait is how long after a process has closed its input its end may come that explains
// it.
const endWait = time.Second

// endsSoon reports whether a process takes no more because it is about to end; else
// it has only closed its input.
func endsSoon(quit <-chan struct{}) bool {
	wait := time.NewTimer(endWait)
	defer wait.Stop()
	select {
	case <-quit:
		return true
	case <-wait.C:
		return false
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// heard is what the viewer is told about it. A process that takes no more may be
// followed by one that does.
func (h *hub) heard(err error) error {
	var refused *libwebsocketd.RefusedError
	if err != nil && !errors.As(err, &refused) && (h.life.Restart != RestartNever || h.life.Watch) {
		return nil
	}
	return err
}

// whyDeaf is why a viewer's messages do not go to the process.
func (h *hub) whyDeaf() string {
	if h.life.Input == InputNone {
		return "this program takes none from its clients (see --input=none)"
	}
	return "this program takes only those of the client that has been there the longest (see --input=first)"
}

// listensTo reports whether a viewer's messages go to the process.
func (h *hub) listensTo(s *Subscription) bool {
	if h.life.Input != InputFirst {
		return h.life.Input == InputAll
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.viewers) > 0 && h.viewers[0] == s
}
