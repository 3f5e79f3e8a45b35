package upgrade

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"websocketd/test/harness"
)

// subscribers are followers of the channels of one server.
type subscribers struct {
	house     *house
	admin     string
	asked     chan struct{} // closed when it is enough
	all       []*follower
	following sync.WaitGroup
}

// add has somebody follow a channel, and returns when that has begun.
func (s *subscribers) add(t *testing.T, ctx context.Context, channel string, by func(*follower, context.Context) error) *follower {
	t.Helper()
	f := &follower{channel: channel, admin: s.admin, asked: s.asked, more: 100, begun: make(chan struct{})}
	s.all = append(s.all, f)
	over := make(chan struct{})
	s.following.Go(func() {
		defer close(over)
		if err := by(f, ctx); err != nil {
			t.Errorf("%s: %v", f.channel, err)
		}
	})
	select {
	case <-f.begun:
	case <-over:
	}
	return f
}

// channel returns that of the only process of a program that clients have for themselves.
func (s *subscribers) channel(t *testing.T, list, path string) string {
	t.Helper()
	var found string
	harness.Until(t, "there is a process of "+path, func() bool {
		answer, err := http.Get("http://" + s.admin + "/api/" + list)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var all []struct{ ID, Path string }
		if err := json.NewDecoder(answer.Body).Decode(&all); err != nil {
			t.Fatal(err)
		}
		for _, one := range all {
			if one.Path == path {
				found = "process:" + one.ID
			}
		}
		return found != ""
	})
	return found
}

// hear keeps a client of a program.
func hear(t *testing.T, ctx context.Context, url string) {
	t.Helper()
	c, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	go func() {
		for err == nil {
			_, _, err = c.Read(ctx)
		}
	}()
}

// logs follows a channel by ctl logs, which has to print every line of it, and returns when that has
// begun.
func (s *subscribers) logs(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	cmd := exec.CommandContext(ctx, harness.PlainBinary(t), "ctl", "logs", "--follow", "--admin="+s.admin, name)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	begun := make(chan struct{})
	s.following.Go(func() {
		begin := sync.OnceFunc(func() { close(begun) })
		defer begin()
		defer cmd.Wait()
		defer cmd.Process.Kill()
		f := follower{asked: s.asked, more: 100}
		for lines := bufio.NewScanner(out); !f.over && lines.Scan(); {
			if err := f.hear(lines.Text()); err != nil {
				t.Errorf("ctl logs %s: %v", name, err)
				return
			}
			begin()
		}
		if !f.over {
			t.Errorf("ctl logs %s has ended after line %d", name, f.said)
		}
	})
	<-begun
}

// Subscribers of the operator's side come back to a new server, by whatever way, and nothing is missing
// and nothing comes twice: the channels of processes that go on are the same. That of a process which
// stays with the old server says so.
func TestChannels(t *testing.T) {
	t.Parallel()
	admin := "127.0.0.1:" + strconv.Itoa(harness.FreePort(t))
	o := options(t, "--config=f.toml", "--admin="+admin, "--admintoken=none")
	write(t, o, "f.toml", strings.ReplaceAll(channelsConfig, "CHILD", harness.Child(t)))
	s := &subscribers{house: startWith(t, o), admin: admin, asked: make(chan struct{})}
	ctx := harness.Context(t)
	for _, path := range []string{"/session", "/shared", "/connection"} {
		hear(t, ctx, "ws://"+s.house.Addr+path)
	}
	goOn := []string{s.channel(t, "sessions", "/session"), "process:shared", "process:supervised"}
	for _, channel := range goOn {
		s.add(t, ctx, channel, (*follower).bySocket)
		s.add(t, ctx, channel, (*follower).byEvents)
		s.add(t, ctx, channel, (*follower).byPolls)
	}
	stays := s.channel(t, "connections", "/connection")
	s.add(t, ctx, stays, (*follower).bySocket)
	s.add(t, ctx, stays, (*follower).byPolls)
	s.logs(t, ctx, "supervised")
	for n := range int64(3) {
		s.house.upgrade(t)
		harness.Until(t, "all have come back", func() bool {
			return !slices.ContainsFunc(s.all, func(f *follower) bool { return f.channel != stays && f.came.Load() < n+2 })
		})
	}
	close(s.asked)
	s.following.Wait()
	for _, f := range s.all {
		if f.left != (f.channel == stays) {
			t.Errorf("%s: left %t", f.channel, f.left)
		}
	}
	s.house.end(t, 0)
}
