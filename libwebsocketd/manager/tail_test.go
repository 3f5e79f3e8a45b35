//go:build unix

package manager

import (
	"bytes"
	"fmt"
	"testing"

	"websocketd/libwebsocketd"
)

// TestTail: the newest lines of both streams, of one instance and of all.
func TestTail(t *testing.T) {
	t.Parallel()
	f := supervise(t, func(f *fixture) []libwebsocketd.Program {
		return []libwebsocketd.Program{f.script("a", "echo one; echo two >&2; printf 'three\\377'; echo; exec cat", App{Instances: 2})}
	})
	f.WantLines(true)
	tail := func(name string, lines int) map[string]int {
		found, err := f.Tail(name, lines)
		f.must(err)
		counts := map[string]int{}
		for _, l := range found {
			counts[fmt.Sprintf("%s %s %s", l.Name, l.Stream, l.Text)]++
		}
		return counts
	}
	f.until(func() bool { return len(tail("a", 100)) == 6 })
	if got := tail("a-1", 2); len(got) != 2 || got["a-1 stdout three\uFFFD"] != 1 {
		t.Errorf("%v", got)
	}
	if _, err := f.Tail("b", 1); err == nil {
		t.Error("there is no b")
	}
}

// TestTailIsBounded: it keeps the newest lines, and no more of them than it may.
func TestTailIsBounded(t *testing.T) {
	t.Parallel()
	var kept tail
	line := bytes.Repeat([]byte("x"), 1000)
	for n := range 10_000 {
		kept.add(Stdout, joined([][]byte{fmt.Append(nil, n), line}))
	}
	if kept.bytes > mostTail {
		t.Errorf("%d bytes are kept", kept.bytes)
	}
	if got := kept.last("a", 2); len(got) != 2 || got[0].Text != "9999" || got[1].Text != string(line) {
		t.Errorf("%v", got)
	}
	if n := len(kept.last("a", 1<<30)); n < 400 || n > 2*mostTail/1000 {
		t.Errorf("%d lines are kept", n)
	}
}

// TestTailOfEmptyLines: lines that come one by one count with what each takes to be kept.
func TestTailOfEmptyLines(t *testing.T) {
	t.Parallel()
	var kept tail
	for range 100_000 {
		kept.add(Stderr, []byte("\n"))
	}
	if n, most := len(kept.last("a", 1<<30)), mostTail/(pieceCost+1); n != most {
		t.Errorf("%d lines are kept", n)
	}
}
