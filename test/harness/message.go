package harness

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// Message is one message from the server.
type Message struct {
	Op     byte
	Data   []byte
	Frames int // how many frames it came in
}

// Receive reads one message and answers pings on the way. A close frame is
// answered and becomes a [Closed].
func (c *Conn) Receive() (Message, error) {
	var m Message
	for {
		f, err := c.ReadFrame()
		if err != nil {
			return m, err
		}
		switch f.Op {
		case CloseOp:
			return m, c.closed(f)
		case PingOp:
			c.Pings++
			if !c.Deaf {
				c.WriteFrames(Frame{Fin: true, Op: PongOp, Payload: f.Payload})
			}
			continue
		case PongOp:
			continue
		case TextOp, BinaryOp:
			m = Message{Op: f.Op}
		}
		m.Data = append(m.Data, f.Payload...)
		m.Frames++
		if !f.Fin {
			continue
		}
		if m.Op == TextOp && !utf8.Valid(m.Data) {
			return m, fmt.Errorf("the server sent invalid UTF-8 in a text message: %q", m.Data)
		}
		return m, nil
	}
}

// ReceiveWithin is Receive with a patience for the message as a whole: pings that
// come meanwhile do not extend it.
func (c *Conn) ReceiveWithin(d time.Duration) (Message, error) {
	p := c.Conn.(*patientConn)
	before := p.patience.Swap(int64(d))
	now := newClock()
	p.message = &now
	defer func() {
		p.message = nil
		p.patience.Store(before)
	}()
	return c.Receive()
}

func (c *Conn) closed(f Frame) error {
	end := Closed{Code: 1005}
	if len(f.Payload) >= 2 {
		end = Closed{int(binary.BigEndian.Uint16(f.Payload)), string(f.Payload[2:])}
	}
	c.WriteFrames(Frame{Fin: true, Op: CloseOp, Payload: f.Payload})
	return end
}

// Expect reads messages and compares them with want.
func (c *Conn) Expect(t T, want ...string) {
	t.Helper()
	for _, w := range want {
		m, err := c.Receive()
		if err != nil {
			t.Fatalf("expected the message %.80q: %v", w, err)
		}
		if string(m.Data) != w {
			t.Fatalf("got the message %.80q, expected %.80q", m.Data, w)
		}
	}
}

// Echo sends a text and expects it back.
func (c *Conn) Echo(t T, text string) {
	t.Helper()
	if err := c.Text(text); err != nil {
		t.Fatalf("send %q: %v", text, err)
	}
	c.Expect(t, text)
}

// Rest reads messages until the connection ends, and returns them and how it ended.
func (c *Conn) Rest(t T) (messages []string, end Closed) {
	t.Helper()
	end = c.Each(t, func(m Message) { messages = append(messages, string(m.Data)) })
	return messages, end
}

// Each calls f with every message until the connection ends.
func (c *Conn) Each(t T, f func(Message)) (end Closed) {
	t.Helper()
	for {
		m, err := c.Receive()
		if errors.As(err, &end) {
			c.Conn.Close()
			return end
		}
		if err != nil {
			t.Fatalf("reading to the end: %v", err)
		}
		f(m)
	}
}

// Ends reads to the end and demands the code and, unless it is "", the reason.
func (c *Conn) Ends(t T, code int, reason string) (messages []string) {
	t.Helper()
	messages, end := c.Rest(t)
	if end.Code != code || reason != "" && end.Reason != reason {
		t.Fatalf("%v, expected %d %q; before that %d messages", end, code, reason, len(messages))
	}
	return messages
}

// Leave sends a close frame with 1000 and waits for the answer.
func (c *Conn) Leave(t T) {
	t.Helper()
	if err := c.SendClose(1000, ""); err != nil {
		t.Fatalf("close: %v", err)
	}
	c.Ends(t, 1000, "")
}
