package stdio

import (
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/text"
)

// stall is how long a program may pause inside a character before its beginning is
// delivered as it is.
const stall = time.Second

// rawOutput makes a text message of every read. A character that a read cuts is
// kept for the next one.
type rawOutput struct {
	in    readbuf.Buffer
	batch [1]bridge.Message
}

func (o *rawOutput) Next() ([]bridge.Message, error) {
	for {
		err := o.in.Fill() // may be ErrStalled, if Patience is set
		if err == readbuf.ErrEmpty {
			return nil, err
		}
		unread, open := o.in.Unread(), 0
		if err == nil {
			open = text.OpenTail(unread)
		}
		if o.in.Patience = 0; open > 0 {
			o.in.Patience = stall
		}
		if whole := len(unread) - open; whole > 0 {
			o.in.Use(whole)
			o.batch[0] = bridge.Message{Kind: bridge.Text, Data: text.Valid(unread[:whole])}
			return o.batch[:], nil
		}
		if err != nil {
			o.in.Close()
			return nil, err
		}
	}
}

// rawFramer writes messages as they are.
type rawFramer struct{}

func (rawFramer) frame(b []byte, m *bridge.Message) (head, body []byte, tail string, err error) {
	return b, m.Data, "", nil
}
