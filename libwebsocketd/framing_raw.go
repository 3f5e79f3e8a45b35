package libwebsocketd

import (
	"time"
)

// stall is how long a program may rest inside a character before the beginning
// of it is taken for all there is.
const stall = time.Second

// rawOutput makes a text message of every read. A character that a read cuts is
// kept for the next one.
type rawOutput struct {
	in    inbox
	batch [1]Message
}

func (o *rawOutput) next() ([]Message, error) {
	for {
		err := o.in.fill() // errStalled, too, if that was asked for
		if err == errEmpty {
			return nil, err
		}
		unread, open := o.in.unread(), 0
		if err == nil {
			open = openTail(unread)
		}
		if o.in.patience = 0; open > 0 {
			o.in.patience = stall
		}
		if whole := len(unread) - open; whole > 0 {
			o.in.use(whole)
			o.batch[0] = Message{Kind: Text, Data: validText(unread[:whole])}
			return o.batch[:], nil
		}
		if err != nil {
			o.in.close()
			return nil, err
		}
	}
}

// rawFramer writes messages as they are.
type rawFramer struct{}

func (rawFramer) frame(b []byte, m *Message) (head, body []byte, tail string, err error) {
	return b, m.Data, "", nil
}
