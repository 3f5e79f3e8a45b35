package shared

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"websocketd/client"
	"websocketd/test/harness"
)

// other is a viewer whose client was written by others, or is our own.
type other struct {
	name string
	done chan struct{}
	seen seen
	err  error
}

// seen is what the drivers of package clients print.
type seen struct {
	Messages []struct{ Text string }
	Code     int
}

// startClients starts two viewers of each kind that is here.
func startClients(t *testing.T, s *harness.Server) (all []*other) {
	t.Helper()
	kinds := map[string]func(ctx context.Context, url string) (seen, error){"coder/websocket": coder, "package client": ours}
	if harness.Has("node", "node:ws") {
		kinds["node ws"] = driver("node", "talk.js")
	}
	if python, err := harness.PythonWebsockets(); err == nil {
		kinds["python websockets"] = driver(python, "talk.py")
	}
	ctx := harness.Context(t)
	for name, view := range kinds {
		for range 2 {
			o := &other{name: name, done: make(chan struct{})}
			go func() {
				defer close(o.done)
				o.seen, o.err = view(ctx, "ws://"+s.Addr+"/")
			}()
			all = append(all, o)
		}
	}
	return all
}

// hasAll demands that the viewer had every number up to total and then 1000.
func (o *other) hasAll(t *testing.T, total int) {
	t.Helper()
	<-o.done
	if o.err != nil || len(o.seen.Messages) != total || o.seen.Code != 1000 {
		t.Errorf("%s had %d of %d messages, then %d, %v", o.name, len(o.seen.Messages), total, o.seen.Code, o.err)
	}
	for i, m := range o.seen.Messages {
		if !strings.HasPrefix(m.Text, fmt.Sprint(i+1, " ")) {
			t.Fatalf("%s: message %d is %.60q", o.name, i+1, m.Text)
		}
	}
}

// driver runs one of package clients's until the server closes.
func driver(program, script string) func(context.Context, string) (seen, error) {
	return func(ctx context.Context, url string) (result seen, err error) {
		cmd := exec.CommandContext(ctx, program, script)
		cmd.Dir = harness.ClientsDir()
		job, _ := json.Marshal(map[string]string{"url": url})
		cmd.Stdin = bytes.NewReader(job)
		out, err := cmd.Output()
		if err == nil {
			err = json.Unmarshal(out, &result)
		}
		return result, err
	}
}

func coder(ctx context.Context, url string) (result seen, err error) {
	c, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return result, err
	}
	defer c.CloseNow()
	for {
		_, data, err := c.Read(ctx)
		if err != nil {
			var closed websocket.CloseError
			errors.As(err, &closed)
			result.Code = int(closed.Code)
			return result, nil
		}
		result.Messages = append(result.Messages, struct{ Text string }{string(data)})
	}
}

func ours(ctx context.Context, url string) (result seen, err error) {
	c, err := client.Dial(ctx, url, nil)
	if err != nil {
		return result, err
	}
	defer c.Close()
	for m, err := range c.Messages(ctx) {
		if ending := new(client.Ending); errors.As(err, &ending) {
			result.Code = ending.Code
			return result, nil
		} else if err != nil {
			return result, err
		}
		result.Messages = append(result.Messages, struct{ Text string }{string(m.Data)})
	}
	return result, nil
}
