package upgrade

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	goclient "websocketd/client"
	"websocketd/test/harness"
)

// What a process has not read yet, because it reads nothing, is written on by the new server.
func TestPendingInput(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []string{"--resume=1m", "--shared"} {
		t.Run(lifetime[2:5], func(t *testing.T) {
			t.Parallel()
			o := options(t, lifetime, "sh", "-c", "echo ready; until [ -e go ]; do sleep 0.01; done; exec cat")
			h := startWith(t, o)
			c := newTalk(t, "ws://"+h.Addr+"/", "line", goclient.Options{})
			defer c.conn.Close()
			ctx := harness.Context(t)
			wants := func(text string) {
				t.Helper()
				if m, err := c.conn.Read(ctx); err != nil || string(m.Data) != text {
					t.Fatalf("%v; %.40q of %d bytes", err, m.Data, len(m.Data))
				}
			}
			wants("ready")
			long := strings.Repeat("x", 300_000) // more than a pipe holds
			if err := c.send(ctx, long); err != nil {
				t.Fatal(err)
			}
			read := make(chan error, 1)
			go func() { // comes back meanwhile
				m, err := c.conn.Read(ctx)
				if err == nil && string(m.Data) != long {
					t.Errorf("%d bytes came back", len(m.Data))
				}
				read <- err
			}()
			h.upgrade(t)
			h.upgrade(t)
			harness.WriteFile(t, filepath.Join(o.Dir, "go"), "", 0o644)
			if err := <-read; err != nil {
				t.Fatal(err)
			}
			if err := c.send(ctx, "after"); err != nil {
				t.Fatal(err)
			}
			wants("after")
			h.end(t, 0)
		})
	}
}

// A message that a client was told is not taken is not given to the process by the new server either, and
// one that is taken is given once.
func TestMessageOnce(t *testing.T) {
	t.Parallel()
	o := options(t, "--shared", "--linger=1h", "sh", "-c", "echo up; until [ -e go ]; do sleep 0.01; done; exec cat")
	h := startWith(t, o)
	var posts []*harness.Conn
	post := func(path, text string) {
		c := h.Dial(t)
		c.Send(t, harness.Post(path, text).String())
		posts = append(posts, c)
	}
	const paths = 12 // each with a process
	for n := range paths {
		path := fmt.Sprint("/", n)
		h.ConnectTo(t, path).Expect(t, "up")
		post(path, strings.Repeat("x", 300_000)) // more than a pipe holds
		post(path, fmt.Sprint("waits ", n))
	}
	h.upgrade(t)
	write(t, o, "go", "")
	for n := range paths {
		c := h.ConnectTo(t, fmt.Sprint("/", n))
		c.Text("end")
		came := 0
		for text := ""; text != "end"; {
			m, err := c.Receive()
			if err != nil {
				t.Fatal(err)
			}
			if text = string(m.Data); text == fmt.Sprint("waits ", n) {
				came++
			}
		}
		answer := posts[2*n+1]
		if err := answer.ReadResponse(); err != nil {
			t.Fatal(err)
		}
		if taken := answer.Status() == 204; came > 1 || taken != (came == 1) {
			t.Errorf("a message came %d times, and its sender was told %d", came, answer.Status())
		}
	}
	h.end(t, 0)
}

// A process that waits, because its history is full of what nobody has confirmed, waits on, and who
// comes then gets all of it.
func TestFullHistory(t *testing.T) {
	t.Parallel()
	h := start(t, append([]string{"--resume=5m", "--history=64K"}, talking(t, "-every=1ms", "-pad=2000", "-halves")...)...)
	b := newBrowser(t, h)
	var made struct{ ID, Secret string }
	if err := json.Unmarshal([]byte(b.wants(t, 201, "POST", "?session=new", document, "")), &made); err != nil {
		t.Fatal(err)
	}
	last := func() int { return b.state(t, "?state").Last }
	before := harness.Settled(t, last)
	h.upgrade(t)
	h.upgrade(t)
	if after := harness.Settled(t, last); before == 0 || after < before {
		t.Errorf("%d messages are kept, and %d were", after, before)
	}
	c := newTalk(t, "ws://"+h.Addr+"/?session="+made.ID, "line", goclient.Options{Session: goclient.Session{ID: made.ID, Secret: made.Secret}})
	converse(t, c, func() { h.upgrade(t) })
	h.end(t, 0)
}

// A client whose process lives with its connection stays with the server that has started it, while
// others are served by the new one. --once ends with it.
func TestConnectionStays(t *testing.T) {
	t.Parallel()
	h := start(t, "cat")
	c := h.Connect(t)
	c.Echo(t, "before")
	h.upgrade(t)
	c.Echo(t, "after")
	h.Connect(t).Echo(t, "with the new one")
	c.Leave(t)
	h.end(t, 0)
}
