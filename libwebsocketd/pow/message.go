package pow

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// Call is the message by which a client starts a process.
type Call struct {
	Name   string
	Params []string
}

// Signals that a client may send during a call.
const (
	signalClose  = "close"
	signalCancel = "cancel"
)

var (
	errProtocol = errors.New("protocol error occurred")
	errCanceled = errors.New("client requested cancellation")
	errGone     = errors.New("client has gone away")
	errTimeout  = errors.New("timeout expired")
)

// parseCall reads a call message. Keys that are unknown are ignored, and so is the case of
// keys. Without a key call, the name is empty.
func parseCall(data []byte) (c Call, err error) {
	var m struct {
		Call   any `json:"call"`
		Params any `json:"params"`
	}
	m.Call = ""
	if err := parse(data, &m); err != nil {
		return Call{}, err
	}
	name, ok := m.Call.(string)
	if !ok {
		return Call{}, errProtocol
	}
	c.Name = name
	if m.Params == nil {
		return c, nil
	}
	params, ok := m.Params.([]any)
	for i := 0; i < len(params) && ok; i++ {
		var param string
		param, ok = params[i].(string)
		c.Params = append(c.Params, param)
	}
	if !ok {
		return Call{}, errProtocol
	}
	return c, nil
}

// parseSignal reads a message that is sent during a call.
func parseSignal(data []byte) (signal string, err error) {
	var m struct {
		Signal any `json:"signal"`
	}
	if err := parse(data, &m); err != nil {
		return "", err
	}
	switch m.Signal {
	case signalClose, signalCancel:
		return m.Signal.(string), nil
	}
	return "", errProtocol
}

// parse reads a JSON object into m. It takes no bytes that are not UTF-8, which the decoder
// would replace.
func parse(data []byte, m any) error {
	if !utf8.Valid(data) || !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) || json.Unmarshal(data, m) != nil {
		return errProtocol
	}
	return nil
}
