package harness

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// echoes accepts connections until the test ends, and sends back what comes.
func echoes(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { listener.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			io.Copy(c, c)
			c.Close()
		}
	}()
	return listener.Addr().String()
}

// Each fault strikes at its byte, and then does what it says.
func TestProxy(t *testing.T) {
	const sent = "0123456789"
	for _, test := range []struct {
		fault     Fault
		least     string // comes before the error
		most      string
		err       error // of the client; nil: the end
		recovered bool
	}{
		{Reset, "", "01234", syscall.ECONNRESET, false},
		{Stall(20 * time.Millisecond), sent, sent, os.ErrDeadlineExceeded, true},
		{EndToClient, "01234", "01234", nil, false},
		{EndToServer, sent, sent, nil, true},
		{Blackhole, "01234", "01234", os.ErrDeadlineExceeded, false},
	} {
		t.Run(test.fault.Name, func(t *testing.T) {
			p := NewProxy(t, echoes(t))
			p.After(5, test.fault)
			c, err := net.Dial("tcp", p.Addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			io.WriteString(c, sent)
			if test.err != os.ErrDeadlineExceeded {
				c.SetReadDeadline(time.Now().Add(Patience(t)))
			} else {
				Until(t, "the fault strikes", func() bool { return p.Struck() == 1 })
				c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
			}
			b, err := io.ReadAll(c)
			if got := string(b); got != test.least && got != test.most || !errors.Is(err, test.err) {
				t.Errorf("%q and %v", got, err)
			}
			if p.Struck() != 1 || p.Recovered() != test.recovered {
				t.Errorf("%d faults, recovered %v", p.Struck(), p.Recovered())
			}
		})
	}
}
