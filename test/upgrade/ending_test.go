package upgrade

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"syscall"
	"testing"

	goclient "websocketd/client"
	"websocketd/test/harness"
)

// Processes of sessions that end just as another server takes over: each client is told how, by the
// server that has it then.
func TestEndings(t *testing.T) {
	t.Parallel()
	h := start(t, append([]string{"--resume=5m", "--history=64M"}, talking(t, "-every=1ms")...)...)
	ctx, cancel := context.WithCancel(harness.Context(t))
	defer cancel()
	for range 3 {
		var all sync.WaitGroup
		var talks []*talk
		for range 15 {
			c := newTalk(t, "ws://"+h.Addr+"/", "line", goclient.Options{})
			talks = append(talks, c)
			all.Go(func() {
				if err := c.run(ctx); err != nil {
					t.Error(err)
					cancel()
				}
			})
			select {
			case <-c.begun:
			case <-ctx.Done():
			}
		}
		all.Go(func() { h.upgrade(t) })
		for _, c := range talks {
			close(c.asked)
		}
		if all.Wait(); t.Failed() {
			break
		}
	}
	h.end(t, 0)
}

// A signal to the first server ends all, also when it comes while the server that has replaced it is
// being replaced.
func TestEndWhileReplaced(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"Took over ", "Replaced "} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			h := start(t, "--resume=5m", "cat")
			h.upgrade(t)
			c := h.Connect(t)
			c.Echo(t, "one")
			h.Signal(t, syscall.SIGUSR2)
			harness.Until(t, fmt.Sprintf("%q is logged again", when), func() bool { return len(h.Out.With(when)) > 1 })
			h.end(t, 0)
		})
	}
}

// A process that has closed its output and runs on is handed over like any other, and its client is told
// how it ends.
func TestOutputEnded(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []string{"--resume=1m", "--shared"} {
		t.Run(lifetime[2:5], func(t *testing.T) {
			t.Parallel()
			o := options(t, lifetime, "sh", "-c", "echo up; exec >&-; until [ -e go ]; do sleep 0.01; done; exit 7")
			h := startWith(t, o)
			attach := harness.Handshake("/")
			if lifetime != "--shared" {
				attach = newSession(t, h)
			}
			h.Open(t, attach).Expect(t, "up")
			h.upgrade(t)
			h.upgrade(t)
			c := h.Open(t, attach)
			c.Expect(t, "up")
			write(t, o, "go", "")
			c.Ends(t, 4007, "")
			h.end(t, 0)
		})
	}
}

// A process that is being ended by a server which is not its parent is not killed because one more takes
// over: that waits for its end, and its last words and its ending are told. If it takes too long, there
// is no other server yet.
func TestEndingOfForeign(t *testing.T) {
	t.Parallel()
	for name, pause := range map[string]string{"soon": "sleep 2", "late": "until [ -e go ]; do sleep 0.01; done"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(t, "--resume=5m", "--closems=600000", "sh", "-c", "echo up; while read x; do :; done; echo closed; "+pause+"; echo bye; exit 7")
			h := startWith(t, o)
			attach := newSession(t, h)
			h.Open(t, attach).Expect(t, "up")
			h.upgrade(t)
			c := h.Open(t, attach)
			c.Expect(t, "up")
			h.Dial(t).Send(t, attach.Without("Upgrade").Without("Connection").As("DELETE", "HTTP/1.1").String())
			c.Expect(t, "closed")
			if name == "late" {
				h.fail(t, " of an earlier server is just being ended: try again later")
				write(t, o, "go", "")
			} else {
				h.upgrade(t)
			}
			if words := c.Ends(t, 4007, ""); len(words) != 1 || words[0] != "bye" {
				t.Errorf("%q", words)
			}
			h.end(t, 0)
		})
	}
}

// A process of an earlier server that cannot be handed over, because its program was changed, is not killed
// while it has a client: there is no other server until it has ended, or the client has left.
func TestForeignInUse(t *testing.T) {
	t.Parallel()
	o := options(t, "--config=f.toml")
	config := "[program.a]\ncommand = [\"sh\", \"-c\", \"while read x && echo $x && [ $x != two ]; do :; done; exit 5\"]\nlifetime = \"shared\"\n"
	write(t, o, "f.toml", config)
	h := startWith(t, o)
	h.ConnectTo(t, "/a").Echo(t, "one")
	h.upgrade(t)
	c := h.ConnectTo(t, "/a")
	c.Expect(t, "one")
	write(t, o, "f.toml", config+"history = 10000\n")
	h.Signal(t, syscall.SIGHUP)
	h.Out.Await(t, "Configuration read again")
	h.fail(t, " of an earlier server is kept here, and cannot be handed over")
	c.Echo(t, "two") // the last thing that it says
	c.Ends(t, 4005, "")
	h.upgradeAfter(t)
	h.ConnectTo(t, "/a").Echo(t, "three")
	h.end(t, 0)
}

// newSession makes a session, and returns the request to attach to it.
func newSession(t *testing.T, h *house) harness.Request {
	t.Helper()
	var made struct{ ID, Secret string }
	if err := json.Unmarshal([]byte(newBrowser(t, h).wants(t, 201, "POST", "?session=new", document, "")), &made); err != nil {
		t.Fatal(err)
	}
	return harness.Handshake("/?session="+made.ID).Add("Authorization", "Bearer "+made.Secret)
}
