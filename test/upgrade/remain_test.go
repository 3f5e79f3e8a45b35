package upgrade

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// Clients that live with their connection have the time of --shutdown also with the server that was
// replaced, and a second signal ends that time.
func TestShutdownOfTheReplaced(t *testing.T) {
	t.Parallel()
	for _, second := range []bool{false, true} {
		t.Run(fmt.Sprintf("second signal %v", second), func(t *testing.T) {
			t.Parallel()
			h := start(t, "--shutdown=1h", "cat")
			before := h.Connect(t)
			before.Echo(t, "one")
			h.upgrade(t)
			after := h.Connect(t)
			after.Echo(t, "one")
			h.Signal(t, syscall.SIGTERM)
			harness.Until(t, "the log says that the server stops", func() bool { return h.Out.Has("clients may go on for 1h") })
			before.Echo(t, "two")
			after.Echo(t, "two")
			if second {
				h.end(t, 128+int(syscall.SIGTERM))
				return
			}
			after.Leave(t)
			harness.Until(t, "the log says that the newest server's clients have left", func() bool { return h.Out.Has("the last client has left") })
			before.Echo(t, "three")
			before.Leave(t)
			h.ends(t, 0)
		})
	}
}

// With --exitidle the newest server does not end before the clients of the servers before it have left.
func TestIdleWithTheReplaced(t *testing.T) {
	t.Parallel()
	h := start(t, "--exitidle=300ms", "sh", "-c", "read go; for i in 1 2 3 4 5 6 7 8; do sleep 0.2; echo $i; done; cat")
	first := h.Connect(t)
	h.upgrade(t)
	second := h.Connect(t)
	h.upgrade(t)
	for _, c := range []*harness.Conn{first, second} { // the other one waits, and has nothing to say
		if err := c.Text("go"); err != nil {
			t.Fatal(err)
		}
		c.Expect(t, "1", "2", "3", "4", "5", "6", "7", "8")
	}
	first.Leave(t)
	second.Echo(t, "still here")
	second.Leave(t)
	h.ends(t, 0)
}

// A server that was replaced, and has clients, follows its log to another file.
func TestRotationOfTheReplaced(t *testing.T) {
	t.Parallel()
	o := options(t, "--logfile=log", "--admin=unix:admin.sock", "cat")
	h := startWith(t, o)
	first := h.Connect(t)
	for range 2 { // then there is one between
		if out, err := h.ctl(t, o, "upgrade"); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		defer h.Connect(t).Leave(t)
	}
	log := filepath.Join(o.Dir, "log")
	if err := os.Rename(log, log+".1"); err != nil {
		t.Fatal(err)
	}
	h.Signal(t, syscall.SIGHUP)
	harness.Until(t, "no server has the old file open", func() bool { return len(openBy(log+".1")) == 0 })
	if at := openBy(log); len(at) != 3 {
		t.Errorf("the new file is open in %q", at)
	}
	first.Leave(t)
	harness.Until(t, "the first server's client has left in the new file", func() bool {
		text, _ := os.ReadFile(log)
		return strings.Contains(string(text), "DISCONNECT")
	})
}

// openBy returns the processes that have a file open.
func openBy(path string) (all []string) {
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && to == path {
			all = append(all, strings.Split(link, "/")[2])
		}
	}
	return all
}
