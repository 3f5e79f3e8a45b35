package record

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestModel calls the methods of a log in random order, and compares it with a plain
// list of everything that was ever appended. Nothing waits here: with a ctx that is
// done, a call that would have to wait must fail and change nothing.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{limits: drawLimits(t)}
		m.log = New[int](m.limits)
		t.Repeat(map[string]func(*rapid.T){
			"":        m.kept,
			"append":  m.append,
			"append2": m.append, // more often than the others
			"from":    m.from,
			"next":    m.read,
			"next2":   m.read,
			"hold":    m.hold,
			"release": m.release,
			"close":   m.close,
			"resume":  m.resume,
			"drop":    m.drop,
			"limit":   m.limit,
		})
	})
}

func drawLimits(t *rapid.T) Limits {
	limit := rapid.OneOf(rapid.Just(0), rapid.IntRange(1, 30))
	return Limits{Bytes: limit.Draw(t, "Bytes"), Messages: limit.Draw(t, "Messages"), HeldBytes: limit.Draw(t, "HeldBytes")}
}

type model struct {
	log     *Log[int]
	limits  Limits
	said    []saidItem
	dropped int // how many of them are gone
	holding bool
	floor   uint64
	ended   error
	readers []*modelReader
}

type saidItem struct {
	messages, bytes int
	first, last     uint64 // the last is the one before the first in a remark
}

type modelReader struct {
	most   Limits // of one read
	reader *Reader[int]
	after  uint64
	next   int // all before this are read
}

func (m *model) last() uint64 {
	if len(m.said) == 0 {
		return 0
	}
	return m.said[len(m.said)-1].last
}

func (m *model) first() uint64 {
	if m.dropped < len(m.said) {
		return m.said[m.dropped].first
	}
	return m.last() + 1
}

func (m *model) kept(t *rapid.T) {
	if first, last := m.log.Kept(); first != m.first() || last != m.last() {
		t.Fatalf("kept are %d..%d, want %d..%d", first, last, m.first(), m.last())
	}
}

func (m *model) append(t *rapid.T) {
	item := saidItem{messages: rapid.IntRange(0, 6).Draw(t, "messages"), bytes: rapid.IntRange(0, 12).Draw(t, "bytes")}
	item.first, item.last = m.last()+1, m.last()+uint64(item.messages)
	drop, want := m.mustDrop(item), m.ended
	if want == nil && m.mustWait(item) {
		want = errGivenUp
	}
	if err := m.log.Append(done, len(m.said), item.messages, item.bytes); err != want {
		t.Fatalf("Append: %v, want %v", err, want)
	}
	if want == nil {
		m.said = append(m.said, item)
		m.dropped += drop
	}
}

// mustDrop counts the oldest items for which there is no room beside a new one. A remark goes with the
// message that follows it.
func (m *model) mustDrop(item saidItem) (n int) {
	kept := m.said[m.dropped:]
	for n < len(kept) && m.isTooMuch(item, kept[n:]) {
		next := n + slices.IndexFunc(kept[n:], func(k saidItem) bool { return k.messages > 0 })
		switch {
		case next >= n:
			n = next
		case item.messages > 0:
			return n
		}
		n++
	}
	return n
}

func (m *model) isTooMuch(item saidItem, kept []saidItem) bool {
	messages, bytes := item.messages, item.bytes
	for _, k := range kept {
		messages, bytes = messages+k.messages, bytes+k.bytes
	}
	return over(messages, m.limits.Messages) || over(bytes, m.limits.Bytes)
}

// mustWait reports whether too much would be held: what has messages above the floor, and the remarks
// right before it.
func (m *model) mustWait(item saidItem) bool {
	if !m.holding {
		return false
	}
	kept := m.said[m.dropped:]
	held := slices.IndexFunc(kept, func(k saidItem) bool { return k.last > m.floor })
	if held < 0 {
		return false
	}
	for held > 0 && kept[held-1].messages == 0 {
		held--
	}
	bytes := item.bytes
	for _, k := range kept[held:] {
		bytes += k.bytes
	}
	return m.isTooMuch(item, kept[held:]) || over(bytes, m.limits.HeldBytes)
}

func over(n, limit int) bool { return limit > 0 && n > limit }

func (m *model) from(t *rapid.T) {
	after := rapid.Uint64Range(0, m.last()+8).Draw(t, "after")
	r := &modelReader{reader: m.log.From(after), after: after}
	if rapid.Bool().Draw(t, "takes little") {
		r.most = Limits{Messages: rapid.IntRange(0, 9).Draw(t, "most messages"), Bytes: rapid.IntRange(0, 20).Draw(t, "most bytes")}
		r.reader.TakeAtMost(r.most.Messages, r.most.Bytes)
	}
	m.readers = append(m.readers, r)
}

func (m *model) read(t *rapid.T) {
	if len(m.readers) == 0 {
		t.Skip("no reader")
	}
	r := rapid.SampledFrom(m.readers).Draw(t, "reader")
	into := make([]Entry[int], 0, rapid.IntRange(0, 5).Draw(t, "capacity"))
	next := r.reader.Next
	if rapid.Bool().Draw(t, "kept") {
		next = r.reader.NextKept
		r.after = max(r.after, m.first()-1)
	}
	m.compare(t, r, max(1, cap(into)), next, into)
	if r.reader.After() != r.after {
		t.Fatalf("After = %d, want %d", r.reader.After(), r.after)
	}
}

type nextFunc func(context.Context, []Entry[int]) ([]Entry[int], error)

func (m *model) compare(t *rapid.T, r *modelReader, most int, next nextFunc, into []Entry[int]) {
	got, err := next(done, into)
	if m.first() > r.after+1 {
		if gone := (*GoneError)(nil); !errors.As(err, &gone) || *gone != (GoneError{r.after + 1, m.first()}) {
			t.Fatalf("after %d of %d..%d: %v", r.after, m.first(), m.last(), err)
		}
		return
	}
	var want []Entry[int]
	messages, bytes, more := 0, 0, false
	for i := max(r.next, m.dropped); i < len(m.said) && !more; i++ {
		item := m.said[i]
		if item.last < r.after || item.last == r.after && item.messages > 0 {
			continue // had before
		}
		messages, bytes = messages+item.messages, bytes+item.bytes
		if more = len(want) == most || len(want) > 0 && (over(messages, r.most.Messages) || over(bytes, r.most.Bytes)); more {
			break
		}
		want = append(want, Entry[int]{Item: i, First: item.first, Messages: item.messages, Skip: int(r.after + 1 - item.first)})
		r.after, r.next = item.last, i+1
	}
	m.compareEntries(t, got, err, want)
	if r.reader.HasMore() != more {
		t.Fatalf("HasMore = %v", !more)
	}
}

func (m *model) compareEntries(t *rapid.T, got []Entry[int], err error, want []Entry[int]) {
	wantErr := error(nil)
	switch {
	case len(want) == 0 && m.ended != nil:
		wantErr = m.ended
	case len(want) == 0:
		wantErr = errGivenUp
	}
	if err != wantErr || len(got) != len(want) {
		t.Fatalf("got %v, %v; want %v, %v", got, err, want, wantErr)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("entry %d of %v, want %v", i, got, want)
		}
	}
}

// drop drops the oldest items, held or not.
func (m *model) drop(t *rapid.T) {
	n := rapid.IntRange(0, len(m.said)-m.dropped).Draw(t, "items")
	m.dropped += n
	m.log.DropWhile(func(item int) bool { return item < m.dropped })
}

func (m *model) limit(t *rapid.T) {
	m.limits = drawLimits(t)
	m.log.SetLimits(m.limits)
}

func (m *model) hold(t *rapid.T) {
	m.floor = rapid.Uint64Range(0, m.last()+3).Draw(t, "floor")
	m.holding = true
	m.log.Hold(m.floor)
}

func (m *model) release(*rapid.T) {
	m.holding = false
	m.log.Release()
}

func (m *model) close(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "really") > 0 {
		t.Skip("seldom")
	}
	err := rapid.SampledFrom([]error{nil, errors.New("broken")}).Draw(t, "err")
	m.log.Close(err)
	if err == nil {
		err = io.EOF
	}
	if m.ended == nil {
		m.ended = err
	}
}

// resume makes a reader of where another one is, by way of its text.
func (m *model) resume(t *rapid.T) {
	if len(m.readers) == 0 {
		t.Skip("no reader")
	}
	r := rapid.SampledFrom(m.readers).Draw(t, "reader")
	p, err := ParsePosition(Position{m.log.Epoch(), r.reader.After()}.String())
	if err != nil || p.Epoch != m.log.Epoch() {
		t.Fatalf("%+v, %v", p, err)
	}
	m.readers = append(m.readers, &modelReader{reader: m.log.From(p.Number), after: r.after})
}
