package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
	"weak"
)

func TestLimits(t *testing.T) {
	for _, test := range []struct {
		name        string
		limits      Limits
		messages    []int // of items appended, each message of one byte
		first, last uint64
	}{
		{"nothing", Limits{}, nil, 1, 0},
		{"no limit", Limits{}, []int{1, 2, 3}, 1, 6},
		{"negative is no limit", Limits{Bytes: -1, Messages: -1}, []int{1, 2, 3}, 1, 6},
		{"just full", Limits{Messages: 6}, []int{1, 2, 3}, 1, 6},
		{"one over", Limits{Messages: 6}, []int{1, 2, 3, 1}, 2, 7},
		{"whole items", Limits{Messages: 6}, []int{3, 3, 1}, 4, 7},
		{"several at once", Limits{Messages: 4}, []int{1, 1, 1, 1, 3}, 4, 7},
		{"the newest stays", Limits{Messages: 4}, []int{1, 1, 9}, 3, 11},
		{"until the next", Limits{Messages: 4}, []int{9, 1}, 10, 10},
		{"bytes", Limits{Bytes: 4, Messages: 100}, []int{2, 2, 2}, 3, 6},
		{"the tighter one", Limits{Bytes: 100, Messages: 4}, []int{2, 2, 2}, 3, 6},
		{"remarks cost nothing here", Limits{Messages: 2}, []int{0, 1, 0, 1, 0}, 1, 2},
		{"held bytes alone", Limits{HeldBytes: 1}, []int{2, 2, 2}, 1, 6},
	} {
		l := New[uint64](test.limits)
		appendAll(t, l, test.messages...)
		if first, last := l.Kept(); first != test.first || last != test.last {
			t.Errorf("%s: kept are %d..%d, want %d..%d", test.name, first, last, test.first, test.last)
		}
	}
}

// TestFrom reads what follows a number, from items of 3, 0, 1, 0 and 2 messages
// of which the first may be gone.
func TestFrom(t *testing.T) {
	for _, test := range []struct {
		after       uint64
		drop        bool
		strict, any string // "first+messages-skip" of the entries of Next and of NextKept
	}{
		{0, false, "1+3 4+0 4+1 5+0 5+2", ""},
		{1, false, "1+3-1 4+0 4+1 5+0 5+2", ""},
		{2, false, "1+3-2 4+0 4+1 5+0 5+2", ""},
		{3, false, "4+0 4+1 5+0 5+2", ""},
		{4, false, "5+0 5+2", ""},
		{5, false, "5+2-1", ""},
		{6, false, "given up", ""},
		{7, false, "given up", ""},
		{math.MaxUint64, false, "given up", ""},
		{0, true, "message 1 is no longer kept, the oldest is 4", "4+0 4+1 5+0 5+2"},
		{2, true, "message 3 is no longer kept, the oldest is 4", "4+0 4+1 5+0 5+2"},
		{3, true, "4+0 4+1 5+0 5+2", ""},
		{math.MaxUint64, true, "given up", ""},
	} {
		limits := Limits{Messages: 6}
		if test.drop {
			limits.Messages = 5
		}
		l := New[uint64](limits)
		appendAll(t, l, 3, 0, 1, 0, 2)
		if test.any == "" {
			test.any = test.strict
		}
		if got := described(l.From(test.after).Next(done, make([]Entry[uint64], 0, 9))); got != test.strict {
			t.Errorf("after %d, drop %v: %s; want %s", test.after, test.drop, got, test.strict)
		}
		if got := described(l.From(test.after).NextKept(done, make([]Entry[uint64], 0, 9))); got != test.any {
			t.Errorf("after %d, drop %v, what is kept: %s; want %s", test.after, test.drop, got, test.any)
		}
	}
}

func described(entries []Entry[uint64], err error) string {
	if err != nil {
		return err.Error()
	}
	var words []string
	for _, e := range entries {
		words = append(words, strings.TrimSuffix(fmt.Sprintf("%d+%d-%d", e.First, e.Messages, e.Skip), "-0"))
	}
	return strings.Join(words, " ")
}

func TestNextFillsWhatItIsGiven(t *testing.T) {
	l := New[uint64](Limits{})
	appendAll(t, l, 1, 1, 1, 1, 1, 1, 1)
	r := l.From(0)
	for i, want := range []string{"1+1", "2+1", "3+1 4+1 5+1", "6+1 7+1", "given up"} {
		into := [][]Entry[uint64]{nil, make([]Entry[uint64], 1), make([]Entry[uint64], 2, 3), make([]Entry[uint64], 9), nil}[i]
		entries, err := r.Next(done, into)
		if got := described(entries, err); got != want {
			t.Errorf("call %d: %s, want %s", i, got, want)
		}
		if len(entries) > 0 && cap(into) > 0 && &entries[0] != &into[0] {
			t.Errorf("call %d: not in the room that was given", i)
		}
	}
	if r.After() != 7 {
		t.Errorf("After = %d, want 7", r.After())
	}
}

// TestTooLate has a reader that is overtaken: the error states what it missed, each
// time, and NextKept goes on.
func TestTooLate(t *testing.T) {
	l := New[uint64](Limits{Messages: 4})
	appendAll(t, l, 2)
	r := l.From(0)
	if got := described(r.Next(done, nil)); got != "1+2" {
		t.Fatal(got)
	}
	appendAll(t, l, 2, 2, 2)
	for range 2 {
		_, err := r.Next(context.Background(), nil)
		if gone := (*GoneError)(nil); !errors.As(err, &gone) || *gone != (GoneError{Wanted: 3, First: 5}) {
			t.Fatalf("too late: %v", err)
		}
	}
	if r.After() != 2 {
		t.Errorf("After = %d, want 2", r.After())
	}
	l.Close(nil)
	if got := described(r.NextKept(done, make([]Entry[uint64], 9))); got != "5+2 7+2" {
		t.Errorf("what is kept: %s", got)
	}
	if got := described(r.NextKept(context.Background(), nil)); got != "EOF" {
		t.Errorf("after that: %s", got)
	}
}

// TestHold appends one item to a log with a floor: either there is room, or
// nothing changes.
func TestHold(t *testing.T) {
	for _, test := range []struct {
		name     string
		limits   Limits
		messages []int
		floor    uint64
		add      int
		first    uint64 // of what is kept then, 0 if Append waits
	}{
		{"room", Limits{Messages: 6}, []int{2, 2}, 0, 2, 1},
		{"no room", Limits{Messages: 6}, []int{2, 2, 2}, 0, 1, 0},
		{"an item below", Limits{Messages: 6}, []int{2, 2, 2}, 2, 2, 3},
		{"not enough below", Limits{Messages: 6}, []int{2, 2, 2}, 2, 3, 0},
		{"half an item below", Limits{Messages: 6}, []int{2, 2, 2}, 1, 1, 0},
		{"all below", Limits{Messages: 6}, []int{2, 2, 2}, 6, 1, 3},
		{"more than there are", Limits{Messages: 6}, []int{2, 2, 2}, 99, 1, 3},
		{"too large, but alone", Limits{Messages: 6}, nil, 0, 9, 1},
		{"too large, all below", Limits{Messages: 6}, []int{2, 2}, 4, 9, 5},
		{"too large", Limits{Messages: 6}, []int{2, 2}, 3, 9, 0},
		{"bytes", Limits{Bytes: 6}, []int{2, 2, 2}, 0, 1, 0},
		{"no limit", Limits{}, []int{2, 2, 2}, 0, 9, 1},
		{"half may be held", Limits{Bytes: 6, HeldBytes: 3}, []int{2}, 0, 1, 1},
		{"more than half", Limits{Bytes: 6, HeldBytes: 3}, []int{2}, 0, 2, 0},
		{"the rest is for what is below", Limits{Bytes: 6, HeldBytes: 3}, []int{2, 2, 2}, 4, 1, 3},
		{"held more than kept", Limits{Bytes: 6, HeldBytes: 9}, []int{2, 2, 2}, 0, 1, 0},
		{"held without limit", Limits{HeldBytes: 3}, []int{2, 2}, 2, 2, 0},
		{"a remark after the floor", Limits{Messages: 2}, []int{2, 0}, 2, 2, 3},
		{"a remark under the floor", Limits{Messages: 2}, []int{0, 2}, 0, 1, 0},
	} {
		l := New[uint64](test.limits)
		appendAll(t, l, test.messages...)
		oldFirst, oldLast := l.Kept()
		l.Hold(test.floor)
		err := l.Append(done, 0, test.add, test.add)
		first, last := l.Kept()
		switch {
		case test.first == 0 && (err != errGivenUp || first != oldFirst || last != oldLast):
			t.Errorf("%s: %v, and %d..%d are kept", test.name, err, first, last)
		case test.first != 0 && (err != nil || first != test.first || last != oldLast+uint64(test.add)):
			t.Errorf("%s: %v, and %d..%d are kept, want %d..", test.name, err, first, last, test.first)
		}
		l.Release()
		if err := l.Append(done, 0, test.add, test.add); err != nil {
			t.Errorf("%s: released: %v", test.name, err)
		}
	}
}

// TestRingGrows has few large items, then many small ones, wherever in the ring
// the first of them lies.
func TestRingGrows(t *testing.T) {
	for before := range 20 {
		l := New[uint64](Limits{Messages: 40})
		for range before {
			appendAll(t, l, 10)
		}
		_, last := l.Kept()
		for range 40 {
			appendAll(t, l, 1)
		}
		entries, err := l.From(last).Next(done, make([]Entry[uint64], 100))
		if err != nil || len(entries) != 40 || check(t, last, entries) != last+40 {
			t.Errorf("behind %d large ones: %v, %v", before, entries, err)
		}
	}
}

func TestClose(t *testing.T) {
	broken := errors.New("broken")
	for _, test := range []struct{ err, want error }{{nil, io.EOF}, {broken, broken}} {
		l := New[uint64](Limits{})
		appendAll(t, l, 2)
		l.Close(test.err)
		l.Close(errors.New("a second one"))
		if err := l.Append(context.Background(), 0, 1, 1); err != test.want {
			t.Errorf("Append: %v, want %v", err, test.want)
		}
		r := l.From(0)
		if got := described(r.Next(done, nil)); got != "1+2" {
			t.Errorf("what was left: %s", got)
		}
		for _, r := range []*Reader[uint64]{r, l.From(2), l.From(99)} {
			if _, err := r.Next(done, nil); err != test.want {
				t.Errorf("after %d: %v, want %v", r.After(), err, test.want)
			}
		}
	}
}

func TestAppendRefusesNonsense(t *testing.T) {
	for _, test := range [][2]int{{-1, 1}, {1, -1}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("an item of %v was taken", test)
				}
			}()
			New[int](Limits{}).Append(done, 0, test[0], test[1])
		}()
	}
}

// TestDroppedItemsAreFree: neither the log keeps what was dropped, nor a reader
// that waits for more.
func TestDroppedItemsAreFree(t *testing.T) {
	l := New[*[1 << 10]byte](Limits{Messages: 3})
	r, into := l.From(0), make([]Entry[*[1 << 10]byte], 2)
	var items []weak.Pointer[[1 << 10]byte]
	for range 20 {
		item := new([1 << 10]byte)
		items = append(items, weak.Make(item))
		if err := l.Append(done, item, 1, len(item)); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(done, into); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Next(done, into); err != errGivenUp {
		t.Fatal(err)
	}
	l.Append(done, nil, 3, 0)
	runtime.GC()
	for i, item := range items {
		if item.Value() != nil {
			t.Errorf("item %d is still there", i)
		}
	}
	runtime.KeepAlive(l)
	runtime.KeepAlive(r)
	runtime.KeepAlive(into)
}

// TestNoAllocations: neither a message nor a reader that finds something to read
// costs the garbage collector anything.
func TestNoAllocations(t *testing.T) {
	l := New[*int](Limits{Messages: 10})
	item, into := new(int), make([]Entry[*int], 0, 4)
	readers := []*Reader[*int]{l.From(0), l.From(0), l.From(0)}
	allocated := testing.AllocsPerRun(1000, func() {
		if l.Append(done, item, 3, 3) != nil {
			t.Error("not appended")
		}
		for _, r := range readers {
			if _, err := r.Next(done, into); err != nil {
				t.Error(err)
			}
		}
	})
	if allocated != 0 {
		t.Errorf("%v allocations for an item and three readers", allocated)
	}
}
