package hub

import "websocketd/libwebsocketd/bridge"

// SendProcessOutput publishes a line of a process, without its newline, in the process's
// channel. It never waits.
func (h *Hub) SendProcessOutput(processID, line string) error {
	if err := CheckProcessID(processID); err != nil {
		return err
	}
	ch, err := h.Open(ProcessChannel(processID), Limits{})
	if err != nil {
		return err
	}
	defer ch.Close()
	ch.Output(processID, []bridge.Message{{Kind: bridge.Text, Data: []byte(line)}})
	return nil
}

// Status is the data of a process_status.
type Status struct {
	Status   string `json:"status"` // running, exited, killed, failed or left
	ExitCode int    `json:"exitCode"`
}

// SendProcessStatus publishes what has become of a process, in its channel. It never waits.
func (h *Hub) SendProcessStatus(processID, status string, exitCode int) error {
	return h.sendProcess(processID, Message{Type: TypeStatus, ProcessID: processID, Data: Status{status, exitCode}})
}

func (h *Hub) sendProcess(id string, m Message) error {
	if err := CheckProcessID(id); err != nil {
		return err
	}
	return h.SendToChannel(ProcessChannel(id), m)
}

// SendToChannel publishes a message in a channel. Its error is about the name, or that of
// encoding/json. It never waits.
func (h *Hub) SendToChannel(name string, m Message) error {
	ch, err := h.Open(name, Limits{})
	if err != nil {
		return err
	}
	defer ch.Close()
	return ch.Send(m)
}

// Broadcast sends a message to every client. It never waits.
func (h *Hub) Broadcast(m Message) error { return h.all.Send(m) }

// event is the data of an event.
type event struct {
	Event string `json:"event"`
	Data  any    `json:"data"`
}

// SendEvent sends an event to every client. It never waits.
func (h *Hub) SendEvent(name string, data any) error {
	return h.Broadcast(Message{Type: TypeEvent, Data: event{name, data}})
}

// SendError sends an error to every client. It never waits.
func (h *Hub) SendError(message string) error {
	return h.Broadcast(Message{Type: TypeError, Data: message})
}
