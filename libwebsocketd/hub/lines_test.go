package hub

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/record"
)

// TestLines: text makes the messages that its lines do one by one, in items of bounded size.
func TestLines(t *testing.T) {
	long := strings.Repeat("x", 3*mostText)
	for _, text := range []string{"a\n", "\n", "\n\n", "a\r\nb\r\r\n\r\n", "\xff\n", long + "\n" + long + "\nz\n", strings.Repeat("short\n", 5000)} {
		h := New(Options{})
		ch, _ := h.Open("process:x", Limits{})
		ch.Lines("x", []byte(text))
		want := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		entries, err := ch.record.From(0).Next(noWait, make([]record.Entry[*item], 0, 100))
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, e := range entries {
			if n := len(e.Item.lines.text); n > mostText && e.Item.lines.count > 1 {
				t.Errorf("an item has %d bytes in %d lines", n, e.Item.lines.count)
			}
			for m := range e.Item.lines.messages() {
				if line := strings.TrimSuffix(want[got], "\r"); string(m.Data) != line || m.Kind != bridge.Text {
					t.Errorf("message %d of %.20q is %.20q", got, text, m.Data)
				}
				got++
			}
		}
		if _, last := ch.record.Kept(); got != len(want) || last != uint64(got) {
			t.Errorf("%.20q is %d messages and %d numbers, want %d", text, got, last, len(want))
		}
	}
}

// TestLinesReleased: memory is used again, and nobody is ever shown other lines than those of
// the numbers asked for, at whatever moment they are dropped.
func TestLinesReleased(t *testing.T) {
	h := New(Options{})
	ch, _ := h.Open("process:x", Limits{Bytes: 64 << 10})
	var reading sync.WaitGroup
	defer reading.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 3 {
		reading.Go(func() { readNumbered(ctx, t, ch) })
	}
	var text []byte
	number, before := 0, ""
	reused := 0
	for range 400 {
		text = text[:0]
		for range 500 {
			number++
			text = fmt.Appendf(text, "line %d of many\n", number)
		}
		ch.Lines("x", text)
		if n := ch.record.Bytes(); n > 64<<10 {
			t.Fatalf("%d bytes are kept", n)
		}
		entries, _ := ch.record.From(uint64(number-1)).Next(noWait, make([]record.Entry[*item], 0, 1))
		at := fmt.Sprintf("%p", entries[0].Item.lines.text)
		if strings.Contains(before, at) {
			reused++
		}
		before += at
	}
	if reused < 100 {
		t.Errorf("memory was used again %d times of 400", reused)
	}
}

// readNumbered reads what is kept, again and again, and checks that each line has its number.
func readNumbered(ctx context.Context, t *testing.T, ch *Channel) {
	reader := ch.record.From(0)
	for {
		entries, err := reader.Next(ctx, make([]record.Entry[*item], 0, 2))
		if gone := new(record.GoneError); errors.As(err, &gone) {
			reader = ch.record.From(gone.First - 1)
			continue
		}
		if err != nil {
			return
		}
		for _, e := range entries {
			chunk := e.Item.frames(ch, e.First)
			if chunk == nil {
				continue
			}
			number := e.First
			for m := range chunk.Messages(0) {
				want := fmt.Appendf(nil, `"data":"line %d of many",`, number)
				if !bytes.Contains(m.Data, want) || !bytes.Contains(m.Data, fmt.Appendf(nil, `"seq":%d}`, number)) {
					t.Errorf("message %d is %s", number, m.Data)
					return
				}
				number++
			}
		}
	}
}

// TestReleasedIsTooSlow: whoever is about to form an item that is dropped at that moment is
// told what those are told who come later.
func TestReleasedIsTooSlow(t *testing.T) {
	h := New(Options{})
	ch, _ := h.Open("process:x", Limits{})
	ch.Lines("x", []byte("a\nb\n"))
	entries, _ := ch.record.From(0).Next(noWait, make([]record.Entry[*item], 0, 1))
	if room := entries[0].Item.release(nil, 4); cap(room) < 4 {
		t.Fatal("it is not released")
	}
	s := &subscription{channel: ch, reader: *ch.record.From(0)}
	_, _, err := s.next(nil, make([]record.Entry[*item], 0, 1))
	if told := new(bridge.CloseWith); !errors.As(err, &told) || told.Code != bridge.CloseTryAgainLater {
		t.Errorf("a subscriber is told %v", err)
	}
	a := &answer{}
	if a.add(ch, &entries[0]) || !a.more || a.count != 0 {
		t.Errorf("a visit gets %+v", a)
	}
}

// TestManyLines: however many lines a text has, what is formed of it at once is bounded.
func TestManyLines(t *testing.T) {
	h := New(Options{Limits: Limits{Bytes: 64 << 20}})
	ch, _ := h.Open("c", Limits{})
	for _, text := range []string{
		strings.Repeat("\n", 20_000), strings.Repeat("x", 7<<10) + strings.Repeat("\n", 3000),
		strings.Repeat("\n", 1000) + strings.Repeat("x", 7<<10) + "\n" + strings.Repeat("a\r\n", 5000), strings.Repeat("long", 9<<10) + "\n",
	} {
		ch.Lines("p", []byte(text))
		want := uint64(strings.Count(text, "\n"))
		first, last := ch.record.Kept()
		if last+1-first != want {
			t.Errorf("%d lines of %d", last+1-first, want)
		}
		reader, into := ch.record.From(first-1), make([]record.Entry[*item], 0, 1)
		var all strings.Builder
		for n := uint64(0); n < want; {
			entries, err := reader.Next(noWait, into)
			if err != nil {
				t.Fatal(err)
			}
			if n += uint64(entries[0].Messages); entries[0].Messages > mostTextLines {
				t.Errorf("%d messages are formed at once", entries[0].Messages)
			}
			for m := range entries[0].Item.lines.messages() {
				all.Write(m.Data)
				all.WriteByte('\n')
			}
		}
		if all.String() != strings.ReplaceAll(text, "\r", "") {
			t.Errorf("of %.20q... something else is left", text)
		}
		ch.record.Drop()
	}
}
