package clients

import (
	"context"
	"encoding/base64"
	"errors"
	"testing"

	"github.com/coder/websocket"

	"websocketd/test/harness"
)

// coder is a client made of coder/websocket.
func coder(t *testing.T, j job) (r result) {
	t.Helper()
	ctx := t.Context()
	c, _, err := websocket.Dial(ctx, j.URL, &websocket.DialOptions{Subprotocols: j.Protocols, HTTPClient: harness.HTTPClient(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	c.SetReadLimit(-1)
	r.Protocol = c.Subprotocol()
	sent := make(chan struct{})
	go func() { defer close(sent); sendAll(ctx, t, c, j.Send) }()
	for j.Receive == 0 || len(r.Messages) < j.Receive {
		kind, data, err := c.Read(ctx)
		if err != nil {
			r.Code, r.Reason = seen(err)
			<-sent
			return r
		}
		m := message{Text: string(data)}
		if kind == websocket.MessageBinary {
			encoded := base64.StdEncoding.EncodeToString(data)
			m = message{Base64: &encoded}
		}
		r.Messages = append(r.Messages, m)
	}
	<-sent
	if err := c.Close(websocket.StatusCode(j.Code), j.Reason); err != nil {
		t.Errorf("close: %v", err)
	}
	// Close waits for the server's frame, and fails if it has another code.
	r.Code = j.Code
	return r
}

func sendAll(ctx context.Context, t *testing.T, c *websocket.Conn, all []message) {
	for _, m := range all {
		kind := websocket.MessageText
		if m.Base64 != nil {
			kind = websocket.MessageBinary
		}
		if sendOne(ctx, c, kind, []byte(m.data(t)), max(m.Pieces, 1)) != nil {
			return // the server may end the conversation first
		}
	}
}

// sendOne writes a message in n pieces; what the library makes of them in
// frames is its own matter.
func sendOne(ctx context.Context, c *websocket.Conn, kind websocket.MessageType, data []byte, n int) error {
	w, err := c.Writer(ctx, kind)
	if err != nil {
		return err
	}
	size := len(data)/n + 1
	for len(data) > 0 {
		piece := data[:min(size, len(data))]
		if _, err := w.Write(piece); err != nil {
			return err
		}
		data = data[len(piece):]
	}
	return w.Close()
}

func seen(err error) (int, string) {
	var closed websocket.CloseError
	if errors.As(err, &closed) {
		return int(closed.Code), closed.Reason
	}
	return 1006, err.Error()
}
