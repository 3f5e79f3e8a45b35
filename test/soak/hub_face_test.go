package soak

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/coder/websocket"
)

// hubMessage is what the hub says.
type hubMessage struct {
	Type, Channel, Epoch string
	Seq                  uint64
	Data                 json.RawMessage
	Recovered            *bool
}

// subscribe follows what the supervised program writes by the operator's hub, and comes back to it
// where it was.
func subscribe(v visit) {
	l, after := v.listen(true), ""
	for range 1 + v.random.IntN(4) {
		if v.Err() != nil {
			break
		}
		next, err := v.subscribed(l, after)
		if websocket.CloseStatus(err) == moved || err == errMoving {
			v.tally.cut.Add(1)
			if next == "" {
				l = v.listen(true) // it has no place to come back to
			}
		} else if err != nil && v.Err() == nil {
			v.tally.fault("after %s: %v", after, err)
			return
		}
		after = next
	}
	v.tally.whole.Add(1)
}

// subscribed follows it over one connection, and returns where it is then.
func (v visit) subscribed(l *listener, after string) (string, error) {
	c, refused, err := websocket.Dial(v, "ws://"+v.admin+"/ws", nil)
	if err != nil && refused != nil && refused.StatusCode == http.StatusServiceUnavailable {
		return after, errMoving
	}
	if err != nil {
		return after, err
	}
	defer c.CloseNow()
	ask, _ := json.Marshal(map[string]string{"type": "subscribe", "data": "process:super", "after": after})
	if after == "" {
		ask = []byte(`{"type":"subscribe","data":"process:super"}`)
	}
	if err := c.Write(v, websocket.MessageText, ask); err != nil {
		return after, err
	}
	asked := after
	epoch, _, _ := strings.Cut(after, ":")
	for left := v.random.IntN(500); left > 0; left-- {
		m, err := receive(v, c)
		if err != nil {
			return after, err
		}
		if m.Recovered != nil && asked != "" && !*m.Recovered || epoch != "" && m.Epoch != "" && m.Epoch != epoch {
			return after, fmt.Errorf("something is missing: %+v", m)
		}
		if m.Seq > 0 {
			after = fmt.Sprint(m.Epoch, ":", m.Seq)
		}
		line := ""
		if m.Type == "process_output" && json.Unmarshal(m.Data, &line) == nil {
			l.take(line)
		}
	}
	return after, nil
}

// receive reads one message.
func receive(ctx context.Context, c *websocket.Conn) (m hubMessage, err error) {
	_, data, err := c.Read(ctx)
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	return m, err
}
