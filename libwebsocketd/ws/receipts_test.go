package ws

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/bridge"
)

// TestAskedEvery: a ping follows the output that makes it due, with what its chunks cost to
// keep. The next one waits for its pong, and goes out at once if it is due then.
func TestAskedEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := askEvery(t, 250, -1)
		a.say(t, 1)
		a.expect(t, "text", "")
		a.say(t, 1)
		a.expect(t, "text, ping 2", "")
		a.say(t, 3)
		a.expect(t, "text, text, text", "")
		a.answer(t, aPong+"2")
		a.expect(t, "ping 5", "2")
		a.say(t, 4)
		later(time.Hour)
		a.expect(t, "text, text, text, text", "")
		a.answer(t, aPong+"5")
		a.expect(t, "ping 9", "5")
		a.answer(t, aPong+"9")
		later(time.Hour)
		a.expect(t, "", "9")
	})
}

// TestAskedLate: the last output is asked for a second later, by a timer that runs only
// then.
func TestAskedLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := askEvery(t, 1000, -1)
		a.say(t, 1)
		later(askWait - 1)
		a.say(t, 1)
		a.expect(t, "text, text", "")
		later(1)
		a.expect(t, "ping 2", "")
		a.say(t, 1)
		later(time.Hour)
		a.expect(t, "text", "")
		a.answer(t, aPong+"2")
		a.expect(t, "", "2")
		later(askWait)
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
		later(pingEvery)
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
				later(askWait)
				a.say(t, 2)
				a.answer(t, aPong) // a sign of life
				later(pingEvery - askWait)
				a.say(t, 2)
				a.answer(t, aPong)
				later(pingEvery)
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
		later(askWait)
		a.conn.unlock(nil)
		a.say(t, 1)
		a.expect(t, "text, "+strings.Repeat("8a, ", maxControl/64)+"text", "")
		later(pingEvery - askWait)
		a.expect(t, "ping 2", "")
		a.answer(t, aPong+"2")
		a.expect(t, "", "2")
		a.say(t, 1)
		later(askWait)
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
		"no code":              {exit3, aClose, ""},
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
		later(2 * askWait)
		w.Close()
		later(time.Hour)
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
