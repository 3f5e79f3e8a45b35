package shared

import (
	"errors"

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

// feed takes what viewers say to a process, one batch after another.
func (h *hub) feed(program libwebsocketd.Endpoint, over <-chan struct{}) {
	for {
		select {
		case s := <-h.input:
			s.done <- h.heard(program.Send(s.batch))
		case <-over:
			return
		}
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

// listensTo reports whether a viewer's messages go to the process.
func (h *hub) listensTo(s *Subscription) bool {
	if h.life.Input != InputFirst {
		return h.life.Input == InputAll
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.viewers) > 0 && h.viewers[0] == s
}
