package upgrade

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/coder/websocket"
)

// channelsConfig has a program of every lifetime, whose processes are followed from the operator's side.
const channelsConfig = `
[program.session]
command = ["CHILD", "talk", "-every=2ms"]
resume = "5m"
history = "16M"

[program.shared]
command = ["CHILD", "talk", "-every=2ms", "-halves"]
lifetime = "shared"
linger = "5m"
history = "16M"

[program.supervised]
command = ["CHILD", "talk", "-every=2ms"]
lifetime = "supervised"
history = "16M"

[program.connection]
command = ["CHILD", "talk", "-every=2ms"]
`

// envelope is a message of a channel.
type envelope struct {
	Type, Epoch string
	Seq         uint64
	Data        json.RawMessage
	Recovered   *bool
}

// follower demands that nothing of a channel is missing and nothing comes twice, under one epoch.
type follower struct {
	channel, admin string
	ear
	epoch string
	seq   uint64
	left  bool            // the channel has said so
	asked <-chan struct{} // closed when it is enough
	more  int             // messages to come then
	over  bool
	named bool          // the last answer is to a position
	came  atomic.Int64  // how often it has come
	begun chan struct{} // closed when something has come
}

// take takes a message.
func (f *follower) take(m *envelope) error {
	switch {
	case m.Recovered != nil && f.named && !*m.Recovered:
		return fmt.Errorf("not recovered: %+v after %s:%d", m, f.epoch, f.seq)
	case m.Seq == 0 || m.Recovered != nil:
		return nil
	case f.epoch != "" && (m.Epoch != f.epoch || m.Seq != f.seq+1):
		return fmt.Errorf("%+v after %s:%d", m, f.epoch, f.seq)
	case f.epoch == "":
		close(f.begun)
	}
	f.epoch, f.seq = m.Epoch, m.Seq
	if m.Type == "process_status" {
		var status struct{ Status string }
		err := json.Unmarshal(m.Data, &status)
		f.left = status.Status == "left"
		f.over = f.left
		if f.said > 0 && !f.left {
			return fmt.Errorf("the process is said to be %s", m.Data)
		}
		return err
	}
	var line string
	if err := json.Unmarshal(m.Data, &line); err != nil {
		return err
	}
	return f.hear(line)
}

// hear takes a line of the process.
func (f *follower) hear(line string) error {
	select {
	case <-f.asked:
		f.more--
		f.over = f.more <= 0
	default:
	}
	return f.line(line, &f.said)
}

// after returns the position to come back to.
func (f *follower) after() string {
	f.came.Add(1)
	if f.named = f.epoch != ""; !f.named {
		return "none:0"
	}
	return fmt.Sprint(f.epoch, ":", f.seq)
}

// bySocket follows by the hub's own protocol.
func (f *follower) bySocket(ctx context.Context) error {
	for !f.over {
		ask, _ := json.Marshal(map[string]string{"type": "subscribe", "data": f.channel, "after": f.after()})
		c, refused, err := websocket.Dial(ctx, "ws://"+f.admin+"/ws", nil)
		if err != nil && refused != nil && refused.StatusCode == http.StatusServiceUnavailable {
			continue // the server that has taken the connection was replaced before it had the request
		}
		if err != nil {
			return err
		}
		err = c.Write(ctx, websocket.MessageText, ask)
		for err == nil && !f.over {
			var data []byte
			var m envelope
			if _, data, err = c.Read(ctx); err == nil {
				err = json.Unmarshal(data, &m)
			}
			if err == nil {
				err = f.take(&m)
			}
		}
		c.CloseNow()
		if err != nil && websocket.CloseStatus(err) != 1012 {
			return err
		}
	}
	return nil
}

// byEvents follows by server-sent events.
func (f *follower) byEvents(ctx context.Context) error {
	return f.get(ctx, "", "text/event-stream", func(body io.Reader) error {
		kind := ""
		for lines := bufio.NewScanner(body); !f.over && lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch {
			case name == "event" && value == "end":
				return errors.New("the events end")
			case name == "event":
				kind = value
			case name == "data":
				var m envelope
				if err := json.Unmarshal([]byte(value), &m); err != nil {
					return err
				}
				if err := f.take(&m); err != nil {
					return fmt.Errorf("%s: %w", kind, err)
				}
			}
		}
		return nil
	})
}

// byPolls follows by long polls.
func (f *follower) byPolls(ctx context.Context) error {
	return f.get(ctx, "&wait=5s", "application/json", func(body io.Reader) error {
		var page struct {
			Recovered bool
			Pending   []envelope
		}
		if err := json.NewDecoder(body).Decode(&page); err != nil {
			return err
		}
		if f.named && !page.Recovered {
			return fmt.Errorf("not recovered after %s:%d", f.epoch, f.seq)
		}
		for i := range page.Pending {
			if err := f.take(&page.Pending[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// get asks again and again, and has read read each answer.
func (f *follower) get(ctx context.Context, more, accept string, read func(io.Reader) error) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for !f.over {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+f.admin+"/api/channels/"+f.channel+"?after="+f.after()+more, nil)
		if err != nil {
			return err
		}
		r.Header.Set("Accept", accept)
		answer, err := client.Do(r)
		if err != nil {
			return err
		}
		if answer.StatusCode == http.StatusOK {
			err = read(answer.Body)
		} else if answer.StatusCode != http.StatusServiceUnavailable {
			err = errors.New(answer.Status)
		}
		answer.Body.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
