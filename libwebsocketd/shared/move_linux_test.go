package shared

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/process"
)

// lender is the Parent of a process that another server has lent.
type lender struct{ loan process.Loan }

func (l *lender) Watch(_ int, exited func()) {
	go func() {
		<-l.loan.Exited()
		exited()
	}()
}

func (l *lender) Reap(int) process.Ending { return l.loan.Reap() }
func (l *lender) Sweep(int) (gone bool)   { return l.loan.Sweep() }

// handOver makes one server go on with the only process of another, and calls meanwhile when that stands still.
func handOver(t *testing.T, from, to *service, meanwhile func()) {
	t.Helper()
	all, settle, err := from.Lift(context.Background())
	if err != nil || len(all) != 1 {
		t.Fatal(err, len(all))
	}
	meanwhile()
	parent := &lender{}
	all[0].Parent = parent
	begin, err := to.TakeOver(all[0])
	if err != nil {
		t.Fatal(err)
	}
	parent.loan = settle(true)[0]
	begin()
}

// TestHandOverChanged: a process whose file changes while another server takes over is restarted by that.
func TestHandOverChanged(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "program")
	program := func(script string) {
		if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program("echo one; exec cat")
	cfg := libwebsocketd.Config{Command: []string{"/bin/sh", file}, Settings: libwebsocketd.Settings{Lifetime: Lifetime{Linger: time.Hour, Watch: true}}}
	before, after := serveConfig(t, cfg), serveConfig(t, cfg)
	read := func(s *service, want string) {
		t.Helper()
		c := s.dial(t, "/")
		defer c.Close()
		for said := ""; said != want; {
			_, data, err := c.ReadMessage()
			if err != nil {
				t.Fatal(err)
			}
			said = string(data)
		}
	}
	read(before, "one")
	handOver(t, before, after, func() { program("echo another; exec cat") })
	read(after, "another")
}
