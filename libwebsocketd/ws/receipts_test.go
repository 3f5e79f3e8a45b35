package ws

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
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

// after lets time pass.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestAskedEvery: a ping follows the output that makes it due. The next one waits for its
// pong, and goes out at once if it is due then.
func TestAskedEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := askEvery(t, 100, -1)
		a.say(t, 1)
		a.expect(t, "text", "")
		a.say(t, 1)
		a.expect(t, "text, ping 2", "")
		a.say(t, 3)
		a.expect(t, "text, text, text", "")
		a.answer(t, aPong+"2")
		a.expect(t, "ping 5", "2")
		a.say(t, 4)
		after(time.Hour)
		a.expect(t, "text, text, text, text", "")
		a.answer(t, aPong+"5")
		a.expect(t, "ping 9", "5")
		a.answer(t, aPong+"9")
		after(time.Hour)
		a.expect(t, "", "9")
	})
}

// TestAskedLate: the last output is asked for a second later, by a timer that runs only
// then.
func TestAskedLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := askEvery(t, 1000, -1)
		a.say(t, 1)
		after(askWait - 1)
		a.say(t, 1)
		a.expect(t, "text, text", "")
		after(1)
		a.expect(t, "ping 2", "")
		a.say(t, 1)
		after(time.Hour)
		a.expect(t, "text", "")
		a.answer(t, aPong+"2")
		a.expect(t, "", "2")
		after(askWait)
		a.expect(t, "ping 3", "")
		a.answer(t, aPong+"3")
		a.expect(t, "", "3")
		if a.receipts.Load().waits {
			t.Error("the timer runs with nothing to ask for")
		}
		a.say(t, 1)
		a.say(t, 20) // due before the second is over
		a.expect(t, strings.Repeat("text, ", 21)+"ping 24", "")
		if a.receipts.Load().waits {
			t.Error("the timer runs though all was asked for")
		}
	})
}

// TestNotesAreNotAskedFor: they have no number.
func TestNotesAreNotAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := askEvery(t, 1, pingEvery)
		if err := a.Deliver([]bridge.Delivery{{Note: &bridge.Note{From: 1, To: 7}, First: 8}}); err != nil {
			t.Fatal(err)
		}
		after(pingEvery)
		a.expect(t, "text, ping ", "")
	})
}

// TestPongs: a pong confirms all before it; what was not asked for, and what is known,
// means nothing.
func TestPongs(t *testing.T) {
	for name, test := range map[string]struct {
		pongs []string // after the pings 2, 4 and 6
		heard string
	}{
		"each":                    {[]string{"2", "4", "6"}, "2 4 6"},
		"the newest only":         {[]string{"6"}, "6"},
		"the newest first":        {[]string{"6", "2", "4"}, "6"},
		"twice":                   {[]string{"4", "4"}, "4"},
		"between two":             {[]string{"5"}, "5"},
		"never sent":              {[]string{"7", "18446744073709551615", "18446744073709551616"}, ""},
		"unsolicited":             {[]string{"", "0", "hello"}, ""},
		"no decimal":              {[]string{"+2", "-2", "0x2", "2 ", " 2", "2\n", "1e0"}, ""},
		"after what was not sent": {[]string{"7", "6"}, "6"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := askEvery(t, 1000, pingEvery)
				a.say(t, 2)
				after(askWait)
				a.say(t, 2)
				a.answer(t, aPong) // a sign of life
				after(pingEvery - askWait)
				a.say(t, 2)
				a.answer(t, aPong)
				after(pingEvery)
				a.expect(t, "text, text, ping 2, text, text, ping 4, text, text, ping 6", "")
				for _, payload := range test.pongs {
					a.answer(t, aPong+payload)
				}
				a.expect(t, "", test.heard)
			})
		})
	}
}

// TestPingDropped: the keep-alive's ping asks again for what a ping that was dropped has
// asked for.
func TestPingDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := askEvery(t, 1000, pingEvery)
		a.say(t, 1)
		a.conn.writing.Lock()
		for range maxControl / 64 {
			a.conn.sendControl(0xA, make([]byte, 62))
		}
		after(askWait)
		a.conn.unlock(nil)
		a.say(t, 1)
		a.expect(t, "text, "+strings.Repeat("8a, ", maxControl/64)+"text", "")
		after(pingEvery - askWait)
		a.expect(t, "ping 2", "")
		a.answer(t, aPong+"2")
		a.expect(t, "", "2")
		a.say(t, 1)
		after(askWait)
		a.expect(t, "text, ping 3", "")
	})
}

// TestCloseConfirms: the answer to our close frame confirms everything, and that the
// client was told the end of the program if it was.
func TestCloseConfirms(t *testing.T) {
	code := func(code int) string { return aClose + string(binary.BigEndian.AppendUint16(nil, uint16(code))) }
	for name, test := range map[string]struct {
		cause  error
		answer string // nothing: the connection is closed
		heard  string
	}{
		"its code":             {exit3, code(4003), "2 end"},
		"1000":                 {exit3, code(1000), "2 end"},
		"no code":              {exit3, aClose, "2 end"},
		"a page that leaves":   {exit3, code(1001), ""},
		"a code of its own":    {exit3, code(3000), ""},
		"no close frame":       {exit3, "", ""},
		"no close frame of it": {exit3, "\x88\x01", ""},
		"another ending":       {&bridge.EndedError{}, code(1000), "2 end"},
		"no message":           {&bridge.BrokenError{Reason: "cut"}, code(1011), "2 end"},
		"taken over":           {&bridge.CloseWith{Code: 4409, Reason: "x"}, code(4409), "2"},
		"the server goes away": {bridge.ErrGoingAway, code(1001), "2"},
		"refused":              {&bridge.RefusedError{Code: 1008, Reason: "x"}, code(1008), "2"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := askEvery(t, 1000, -1)
				a.say(t, 2)
				a.CloseSend(test.cause)
				a.CloseSend(exit3) // too late to mean anything
				sent, _ := bridge.Closing(test.cause)
				a.expect(t, fmt.Sprint("text, text, close ", sent), "")
				if test.answer != "" {
					a.answer(t, test.answer)
				}
				a.wire.Close()
				<-a.received
				a.expect(t, "", test.heard)
			})
		})
	}
	t.Run("after a pong", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := askEvery(t, 1, -1)
			a.say(t, 2)
			a.answer(t, aPong+"2")
			a.CloseSend(exit3)
			a.answer(t, code(4003))
			a.expect(t, "text, text, ping 2, close 4003", "2 end")
		})
	})
	t.Run("the client is first", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := askEvery(t, 1000, -1)
			a.say(t, 2)
			a.answer(t, code(1000))
			synctest.Wait()
			a.CloseSend(exit3)
			a.expect(t, "text, text, close 1000", "")
		})
	})
}

// TestAskNotTaken: Close ends a ping that the client does not read.
func TestAskNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipePair(t)
		w := p.endpoint(t, Options{PingInterval: -1})
		w.ConfirmTo(&confirmed{every: 1000})
		go func() {
			for range 2 { // the header of the frame and its payload
				p.wire.Read(make([]byte, 100))
			}
		}()
		a := &asked{Endpoint: w, next: 1}
		a.say(t, 1)
		after(2 * askWait)
		w.Close()
		after(time.Hour)
	})
}

// TestConfirmRaces: gorilla's client confirms everything that it gets, in order.
func TestConfirmRaces(t *testing.T) {
	t.Parallel()
	p := tcpPair(t)
	w, program := p.endpoint(t, Options{}), &confirmed{every: 500}
	w.ConfirmTo(program)
	var sides sync.WaitGroup
	messages := 0
	sides.Go(func() {
		for ; ; messages++ {
			if _, _, err := p.client.ReadMessage(); err != nil {
				return
			}
		}
	})
	sides.Go(func() {
		for {
			if _, err := w.Receive(); err != nil {
				return
			}
		}
	})
	a := &asked{Endpoint: w, next: 1}
	for range 2000 {
		a.say(t, 1+rand.IntN(20))
	}
	w.CloseSend(exit3)
	sides.Wait()
	if uint64(messages) != a.next-1 {
		t.Errorf("%d messages of %d", messages, a.next-1)
	}
	n, last := len(program.heard), uint64(0)
	if n < 3 || program.heard[n-1] != "end" || program.heard[n-2] != strconv.FormatUint(a.next-1, 10) {
		t.Fatalf("%d messages, the program hears %q", a.next-1, program.heard)
	}
	for _, word := range program.heard[:n-1] {
		number, _ := strconv.ParseUint(word, 10, 64)
		if number <= last {
			t.Errorf("%d after %d", number, last)
		}
		last = number
	}
}

// TestAllocationsConfirmed: a delivery costs no allocation, whether the program asks what
// the client has or not.
func TestAllocationsConfirmed(t *testing.T) {
	for _, every := range []int{0, 1, 1000} {
		c := newConn(inMemory{Writer: io.Discard, Reader: strings.NewReader("")}, nil)
		w := newEndpoint(t.Context(), c, Options{PingInterval: -1})
		if every > 0 {
			w.ConfirmTo(&heedless{every: every})
		}
		chunk := bridge.NewChunk(slices.Repeat([]bridge.Message{{Kind: bridge.Text, Data: []byte("x")}}, 10))
		deliveries, payload := []bridge.Delivery{{Chunk: chunk}}, make([]byte, 0, 20)
		number := uint64(1)
		n := testing.AllocsPerRun(1000, func() {
			deliveries[0].First = number
			if err := w.Deliver(deliveries); err != nil {
				t.Fatal(err)
			}
			number += 10
			payload = strconv.AppendUint(payload[:0], number-1, 10)
			w.answer(0xA, payload)
		})
		if n > 0 {
			t.Errorf("asked after %d bytes: %v allocations a delivery", every, n)
		}
		if r := w.receipts.Load(); r != nil && r.has == 0 {
			t.Errorf("asked after %d bytes: nothing is confirmed", every)
		}
		w.Close()
	}
}

// heedless is a Confirmer that costs nothing.
type heedless struct {
	bridge.Confirmer
	every int
}

func (h *heedless) ConfirmEvery() int { return h.every }
func (*heedless) Confirm(uint64)      {}
