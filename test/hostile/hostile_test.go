// Package hostile holds connections open in every way that costs a server memory. In
// make test it is a few of some kinds. make hostile measures: HOSTILE=10000 makes it
// that many of each kind, HOSTILE_BIN=path another binary.
package hostile

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

const (
	mib     = 1 << 20
	most    = 512 * mib
	tooMuch = 4 << 30 // more are not opened then
)

// kind is one way to hold a connection.
type kind struct {
	name string
	args []string
	send string // at once
	more string // after an answer has begun
	tls  bool
	deaf bool // a small receive buffer: what is not read waits in the server
}

func kinds(t *testing.T) []kind {
	dir := harness.Scripts(t, map[string]string{
		"cgi/yes.sh": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nexec yes 'a line of some thirty bytes'\n",
		"cgi/cat.sh": "#!/bin/sh\ncat >/dev/null\nprintf 'Content-Type: text/plain\\n\\n'\n",
	})
	harness.WriteFile(t, dir+"/static/big", strings.Repeat("x", 16*mib), 0o644)
	for i := range 5_000 {
		harness.WriteFile(t, fmt.Sprintf("%s/static/many/a file with a name of some length %d", dir, i), "", 0o644)
	}
	pair := harness.NewCertificate(t, dir, "localhost", "localhost")
	shared := []string{"--shared", "cat"}
	flood := []string{"--shared", "yes", "a line of some thirty bytes"}
	scripts := []string{"--cgidir=" + dir + "/cgi"}
	handshake := harness.Handshake("/").String()
	half := "\x81\xff\x00\x00\x00\x00\x00\x10\x00\x00" + "\x00\x00\x00\x00" + strings.Repeat("x", mib/2)
	body := harness.Get("/").As("POST", "HTTP/1.1").Add("Content-Length", "1000000").String() + strings.Repeat("x", 64<<10)
	return []kind{
		{name: "headers", args: shared, send: "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 30<<10)},
		{name: "half messages", args: shared, send: handshake, more: half},
		{name: "bodies", args: shared, send: body},
		{name: "static", args: []string{"--staticdir=" + dir + "/static"}, send: harness.Get("/big").String(), deaf: true},
		{name: "listings", args: []string{"--staticdir=" + dir + "/static/many"}, send: harness.Get("/").String(), deaf: true},
		{name: "events", args: flood, send: harness.Get("/").Add("Accept", "text/event-stream").String(), deaf: true},
		{name: "viewers", args: flood, send: handshake, deaf: true},
		{name: "silence", args: shared, send: handshake},
		{name: "tls", args: append([]string{"--ssl", "--sslcert=" + pair.Cert, "--sslkey=" + pair.Key}, shared...), tls: true},
		{name: "cgi answers", args: scripts, send: harness.Get("/yes.sh").String(), deaf: true},
		{name: "cgi bodies", args: scripts, send: strings.Replace(body, "POST / ", "POST /cat.sh ", 1)},
	}
}

// few is the kinds that a small number tells enough of, and what those may take: many
// times what is used between two connections, and a small part of what was sent.
var few = map[string]struct {
	n    int
	most int64
}{
	"half messages": {600, 350 * mib},
	"events":        {300, 100 * mib},
	"listings":      {100, 170 * mib},
}

// TestHostile opens as many connections as asked for, of one kind to one server.
func TestHostile(t *testing.T) {
	asked := os.Getenv("HOSTILE")
	for _, k := range kinds(t) {
		switch n, err := strconv.Atoi(asked); {
		case asked != "" && err != nil:
			t.Fatalf("HOSTILE: %v", err)
		case asked != "":
			t.Run(k.name, func(t *testing.T) { k.measure(t, n, most) })
		case few[k.name].n > 0:
			t.Run(k.name, func(t *testing.T) {
				t.Parallel()
				k.measure(t, few[k.name].n, few[k.name].most)
			})
		}
	}
}

// measure opens n connections, for which the server may take so much memory.
func (k kind) measure(t *testing.T, n int, most int64) {
	bin := os.Getenv("HOSTILE_BIN")
	if bin == "" {
		bin = harness.PlainBinary(t)
	}
	s := harness.Options{Bin: bin, Args: append([]string{"--loglevel=none"}, k.args...)}.Start(t)
	h := k.openAll(t, s, n)
	defer h.closeAll()
	peak := h.settled(t, s.PID)
	harness.Measured(t, "%s: %d of %d held, %d refused, VmHWM %d MiB, VmRSS %d MiB",
		k.name, h.held, n, h.refused, peak/mib, harness.Memory(t, s.PID)/mib)
	if h.held+h.refused == 0 {
		t.Errorf("no connection of %d was held", n)
	}
	if peak > most {
		t.Errorf("VmHWM %d MiB is over %d MiB", peak/mib, most/mib)
	}
}

// openAll opens n connections, some at a time, as long as the server is small enough.
func (k kind) openAll(t *testing.T, s *harness.Server, n int) *held {
	h := new(held)
	var workers sync.WaitGroup
	var next atomic.Int64
	for range 64 {
		workers.Go(func() {
			for next.Add(1) <= int64(n) && harness.PeakMemory(t, s.PID) < tooMuch {
				h.add(k.open(s.Addr))
			}
		})
	}
	opened := make(chan struct{})
	go func() { defer close(opened); workers.Wait() }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			h.look() // some are not held for long
		case <-opened:
			h.look()
			return h
		}
	}
}

func (k kind) open(address string) net.Conn {
	dialer := net.Dialer{Timeout: 20 * time.Second}
	if k.deaf {
		dialer.Control = smallBuffer
	}
	c, err := dialer.Dial("tcp", address)
	if err != nil {
		return nil
	}
	send := k.send
	if k.tls {
		send = halfHello()
	}
	c.SetDeadline(time.Now().Add(20 * time.Second))
	if k.more != "" {
		c.Write([]byte(send))
		c.Read(make([]byte, 4<<10))
		c.SetDeadline(time.Now().Add(100 * time.Millisecond)) // held back, it would take for ever
		send = k.more
	}
	c.Write([]byte(send))
	return c
}

// smallBuffer comes before the handshake, which tells the server the window.
func smallBuffer(_, _ string, raw syscall.RawConn) (err error) {
	raw.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<10) })
	return err
}

// halfHello is the first half of a TLS handshake's first message.
var halfHello = sync.OnceValue(func() string {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		tls.Client(ours, &tls.Config{ServerName: "localhost"}).Handshake()
	}()
	b := make([]byte, 4<<10)
	n, _ := theirs.Read(b)
	theirs.Close()
	<-done
	return string(b[:n/2])
})

// held is connections that were opened.
type held struct {
	mu            sync.Mutex
	open          []net.Conn
	held, refused int // at most at one time, and in all
}

func (h *held) add(c net.Conn) {
	if c != nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.open = append(h.open, c)
	}
}

// settled is the most memory the server had when that has hardly grown for two seconds.
func (h *held) settled(t *testing.T, pid int) (peak int64) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for same, looks := 0, 0; same < 10 && looks < 150; looks++ {
		<-tick.C
		now := harness.PeakMemory(t, pid)
		if same++; now > peak+mib {
			peak, same = now, 0
		}
	}
	return harness.PeakMemory(t, pid)
}

// look counts the connections the server keeps, and those it has refused.
func (h *held) look() {
	h.mu.Lock()
	defer h.mu.Unlock()
	held, refused := 0, 0
	for _, c := range h.open {
		raw, err := c.(*net.TCPConn).SyscallConn()
		if err != nil {
			continue
		}
		raw.Control(func(fd uintptr) {
			b := make([]byte, 16)
			n, _, err := syscall.Recvfrom(int(fd), b, syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			status := strings.TrimPrefix(string(b[:max(n, 0)]), "HTTP/1.1 ")
			switch {
			case status != "" && status[0] >= '4' && status[0] <= '5':
				refused++
			case err == syscall.EAGAIN || n > 0:
				held++
			}
		})
	}
	h.held, h.refused = max(h.held, held), max(h.refused, refused)
}

func (h *held) closeAll() {
	for _, c := range h.open {
		c.Close()
	}
}
