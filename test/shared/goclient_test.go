package shared

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"websocketd/client"
	"websocketd/test/harness"
)

// The Go client gets the beginning that is kept, then the history, each with its number, and
// nothing of it again when it comes back.
func TestGoClientBeginning(t *testing.T) {
	t.Parallel()
	s := start(t, counting(t, "-total=1000 -batch=10 -pad=100 -stay", "--history=16K", "--keepfirst=1K", "--linger=1m")...)
	first := join(t, s)
	first.Text("go")
	first.reaches(t, 1000)
	proxy := harness.NewProxy(t, s.Addr)
	ctx := harness.Context(t)
	c, err := client.Dial(ctx, "ws://"+proxy.Addr+"/", &client.Options{
		FirstDelay: time.Millisecond,
		Missed:     func(m client.Missed) { t.Errorf("%+v", m) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	last, gaps := uint64(0), 0
	for last < 1000 {
		m, err := c.Read(ctx)
		if err != nil || !strings.HasPrefix(string(m.Data), fmt.Sprint(m.Number, " ")) || m.Number <= last {
			t.Fatalf("%.40q is told to be number %d after %d, %v", m.Data, m.Number, last, err)
		}
		if m.Number != last+1 {
			gaps++
			proxy.After(0, harness.Reset)
		}
		last = m.Number
	}
	if gaps != 1 {
		t.Errorf("%d gaps", gaps)
	}
}

// A Go client comes back at once to a shared program that is started again, and the numbers
// go on.
func TestGoClientRestart(t *testing.T) {
	t.Parallel()
	s := start(t, "--restart=always", "--linger=1m", "sh", "-c", `read -r line; echo "got $line"; exit 1`)
	ctx := harness.Context(t)
	var reasons []string
	var opened atomic.Int64
	c, err := client.Dial(ctx, "ws://"+s.Addr+"/", &client.Options{
		FirstDelay: time.Millisecond,
		Opened:     func(client.Opened) { opened.Add(1) },
		Lost:       func(reason error, _ time.Duration) { reasons = append(reasons, reason.Error()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for n := range uint64(3) {
		harness.Until(t, "the process runs", func() bool { return opened.Load() == int64(n+1) })
		if err := c.Write(ctx, client.Message{Kind: client.Text, Data: fmt.Append(nil, n)}); err != nil {
			t.Fatal(err)
		}
		m, err := c.Read(ctx)
		if err != nil || string(m.Data) != fmt.Sprint("got ", n) || m.Number != n+1 {
			t.Fatalf("%q with number %d, %v", m.Data, m.Number, err)
		}
	}
	if len(reasons) < 2 || reasons[0] != "restarted after exit status 1" || reasons[1] != reasons[0] {
		t.Errorf("%q", reasons)
	}
}
