package upgrade

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/session"
)

// TestExpectEnded: of a server that has ended it is said that it has, whether or not it has read what it
// was sent.
func TestExpectEnded(t *testing.T) {
	for _, unread := range []bool{false, true} {
		a, b := both(t)
		if unread {
			if err := a.send(&message{Kind: kindOffered}); err != nil {
				t.Fatal(err)
			}
		}
		b.Close()
		if err := expect(a, nil, kindReady); err != errEnded {
			t.Errorf("unread %v: %v", unread, err)
		}
	}
}

// TestGivenUpTooLate: when an upgrade is given up after the new server has taken all, that one is told to
// go nevertheless: nothing of it is the old server's any more.
func TestGivenUpTooLate(t *testing.T) {
	old, next := both(t)
	ctx, cancel := context.WithCancel(t.Context())
	o := &Options{Sessions: session.NewRegistry(1), Lift: func(context.Context) (*Lifted, error) {
		return &Lifted{Settle: func(bool) []process.Loan {
			cancel()
			for range 1000 { // the deadline, if there is one
				if _, err := old.Write(nil); err != nil {
					break
				}
				runtime.Gosched()
			}
			return nil
		}}, nil
	}}
	last := make(chan kind)
	go func() {
		defer close(last)
		for {
			m, err := next.receive()
			if err != nil {
				return
			}
			switch m.Kind {
			case kindOffered:
				next.send(&message{Kind: kindReady})
			case kindAll:
				next.send(&message{Kind: kindTaken})
			case kindGo:
				last <- m.Kind
			}
			closeAll(m.files)
		}
	}()
	k, err := (&Seat{}).replace(ctx, old, &exec.Cmd{Process: &os.Process{Pid: os.Getpid()}}, o)
	if err != nil {
		t.Fatal(err)
	}
	k.link.Close()
	old.Close()
	if said := <-last; said != kindGo {
		t.Error("the new server was not told to go")
	}
}
