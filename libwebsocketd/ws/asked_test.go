package ws

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/exit"
)

const aPong = "\x8a"

var exit3 = &bridge.EndedError{Ending: exit.Ending{Code: 3}}

// confirmed is a Confirmer that records what it hears.
type confirmed struct {
	bridge.Confirmer
	every int
	mu    sync.Mutex
	heard []string
}

func (c *confirmed) ConfirmEvery() int     { return c.every }
func (c *confirmed) Confirm(number uint64) { c.add(strconv.FormatUint(number, 10)) }
func (c *confirmed) ConfirmEnd()           { c.add("end") }

func (c *confirmed) add(word string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = append(c.heard, word)
}

// took returns what was heard since the last call.
func (c *confirmed) took() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	words := strings.Join(c.heard, " ")
	c.heard = nil
	return words
}

// asked is a client that reads all frames, and answers by what a test has it send.
type asked struct {
	*Endpoint
	program  *confirmed
	wire     net.Conn
	next     uint64 // message
	received chan struct{}
	read     sync.WaitGroup

	mu     sync.Mutex
	frames []string
}

// askEvery returns a client that is asked after so many bytes, in a synctest bubble.
func askEvery(t *testing.T, every int, ping time.Duration) *asked {
	t.Helper()
	p := pipePair(t)
	a := &asked{Endpoint: p.endpoint(t, Options{PingInterval: ping}), program: &confirmed{every: every}, wire: p.wire, next: 1, received: make(chan struct{})}
	a.ConfirmTo(a.program)
	a.read.Go(func() {
		for {
			f, err := readFrame(t, a.wire)
			if err != nil {
				return
			}
			a.mu.Lock()
			a.frames = append(a.frames, named(f))
			a.mu.Unlock()
		}
	})
	go func() {
		defer close(a.received)
		for {
			if _, err := a.Receive(); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		a.wire.Close()
		a.Close()
		<-a.received
		a.read.Wait()
	})
	return a
}

// named returns what a frame is, without the text of messages.
func named(f wireFrame) string {
	switch f.first {
	case 0x81:
		return "text"
	case 0x88:
		return fmt.Sprint("close ", binary.BigEndian.Uint16([]byte(f.payload)))
	case 0x89:
		return "ping " + f.payload
	}
	return fmt.Sprintf("%x", f.first)
}

// say delivers messages whose frames have 50 bytes.
func (a *asked) say(t *testing.T, messages int) {
	t.Helper()
	batch := slices.Repeat([]bridge.Message{{Kind: bridge.Text, Data: bytes.Repeat([]byte("x"), 48)}}, messages)
	if err := a.Deliver([]bridge.Delivery{{Chunk: bridge.NewChunk(batch), First: a.next}}); err != nil {
		t.Fatal(err)
	}
	a.next += uint64(messages)
}

// answer sends frames.
func (a *asked) answer(t *testing.T, frames ...string) {
	t.Helper()
	if _, err := a.wire.Write(clientFrames(frames...)); err != nil {
		t.Fatal(err)
	}
}

// expect checks the frames and confirmations since the last call.
func (a *asked) expect(t *testing.T, frames, heard string) {
	t.Helper()
	synctest.Wait()
	a.mu.Lock()
	got := strings.Join(a.frames, ", ")
	a.frames = nil
	a.mu.Unlock()
	if got != frames {
		t.Errorf("the client is sent %q, want %q", got, frames)
	}
	if got := a.program.took(); got != heard {
		t.Errorf("the program hears %q, want %q", got, heard)
	}
}

// later lets time pass.
func later(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
