package shared

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/process"
)

// TestBeginning: which messages of "ab", "", "cde", "f" are kept, and what of them is
// handed out.
func TestBeginning(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		most          int
		cuts          bool
		after, before uint64
		want          string
		missing       uint64
	}{
		{0, false, 6, 20, "", 7},
		{1, false, 6, 20, "", 7},
		{2, false, 6, 20, "7 ab", 8},
		{5, false, 6, 20, "7 ab,", 9}, // not "f", which is not next
		{6, false, 6, 20, "7 ab,,cde", 10},
		{100, false, 6, 20, "7 ab,,cde,f", 11},
		{100, false, 6, 9, "7 ab,", 9}, // the rest follows anyway
		{100, false, 6, 7, "", 7},      // all of it does
		{100, false, 8, 20, "9 cde,f", 11},
		{100, false, 10, 20, "", 11},
		{100, false, 5, 20, "", 6}, // of another process
		{1, true, 6, 20, "7 a", 7},
		{5, true, 6, 20, "7 ab,,cd", 9},
		{5, true, 6, 9, "7 ab,", 9},
	} {
		b := newBeginning(test.most, test.cuts)
		b.restart(7)
		b.add(libwebsocketd.NewChunk(texts("ab", "")))
		b.add(libwebsocketd.NewChunk(texts("cde")))
		b.add(libwebsocketd.NewChunk(texts("f")))
		d, missing := b.between(test.after, test.before)
		got := ""
		if d.Chunk != nil {
			var words []string
			for m := range d.Chunk.Messages(d.Skip) {
				words = append(words, string(m.Data))
			}
			got = fmt.Sprintf("%d %s", d.First+uint64(d.Skip), strings.Join(words, ","))
		}
		if got != test.want || missing != test.missing {
			t.Errorf("%+v: %q, %d is missing", test, got, missing)
		}
	}
	if b := newBeginning(3, true); b.add(libwebsocketd.NewChunk(texts("a€"))) != 0 || string(prefix(texts("a€")[0], 3)) != "a" {
		t.Error("a character is cut")
	}
	if b := newBeginning(3, false); b.add(libwebsocketd.NewChunk(texts("four"))) != 4 || b.add(libwebsocketd.NewChunk(texts("four"))) != 0 {
		t.Error("it is not told, once, that nothing is kept")
	}
}

// TestBeginningIsOne: all viewers that get the whole beginning get the same Chunk.
func TestBeginningIsOne(t *testing.T) {
	t.Parallel()
	b := newBeginning(100, false)
	b.add(libwebsocketd.NewChunk(texts("ab", "cde", "f")))
	one, _ := b.between(0, 20)
	other, _ := b.between(1, 20)
	if one.Chunk != other.Chunk || other.Skip != 1 {
		t.Errorf("%+v and %+v", one, other)
	}
}

// TestKeepFirst: a late viewer gets the beginning, then what is kept. If there is a gap
// between the two, a viewer that can be sent a note gets one. Another process has a
// beginning of its own.
func TestKeepFirst(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{false, true} {
		s, p := newStage(t, Lifetime{History: tenPieces, KeepFirst: 10, Restart: RestartAlways}, strict)
		first := s.viewer("/")
		s.run()
		p.says <- texts("one", "two")
		p.says <- texts("three", "four")
		expect(t, s.viewer("/"), "1:one 2:two 3:three 4:four") // the history has it all
		if state := s.State(); state.Beginning != nil {
			t.Errorf("it is told though the history has it: %+v", state.Beginning)
		}
		floodTo(p, first, 104)
		x := string(piece[0].Data)
		expect(t, s.viewer("/"), "1:one 2:two 95:"+x)
		if state := s.State(); state.Beginning == nil || *state.Beginning != (Span{1, 2}) || state.First != 95 {
			t.Errorf("told is %+v", state)
		}
		notes := func(c *libwebsocketd.Attach) { c.OutOfBand = true }
		expect(t, s.viewer("/", notes), "1:one 2:two 95:[websocketd: 92 messages dropped] 95:"+x)
		if !strict {
			if got, want := next(s.viewer("/?after=1&gap=ok")), "2:two 95:[websocketd: 92 messages dropped] 95:"+x; !strings.HasPrefix(got, want) {
				t.Errorf("after=1 gets %q", got)
			}
		}
		if _, refusal := s.attachTo("/?after=1"); statusOf(refusal) != 410 {
			t.Errorf("after=1 without gap=ok: %v", refusal)
		}
		p.end(process.Ending{})
		p = <-s.programs
		p.says <- texts("another")
		floodTo(p, s.viewer("/"), 205)
		expect(t, s.viewer("/", notes), "105:another 196:[websocketd: 90 messages dropped] 196:"+x)
	}
}

// floodTo has p say 100 messages, which a viewer reads up to the last.
func floodTo(p *fakeProgram, reader *Subscription, last int) {
	var reading sync.WaitGroup
	reading.Go(func() {
		for !strings.Contains(next(reader), fmt.Sprint(last, ":")) {
		}
	})
	flood(p, 100)
	reading.Wait()
}
