package soak

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// ledger knows what every process says that it has said: it reads their notes.
type ledger struct{ dir string }

// said returns how many lines a process that has ended has written.
func (l ledger) said(id string) (uint64, error) {
	note, err := os.ReadFile(filepath.Join(l.dir, id))
	if err != nil || len(note) == 0 {
		return 0, err
	}
	return binary.BigEndian.Uint64(note), nil
}

// all returns how many processes there were, and what all of them have said together.
func (l ledger) all(t *testing.T) (processes int, lines uint64) {
	t.Helper()
	notes, err := os.ReadDir(l.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, note := range notes {
		n, err := l.said(note.Name())
		if err != nil {
			t.Fatal(err)
		}
		lines += n
	}
	return len(notes), lines
}

// tally is what clients of one kind have had. Lost is what must be 0.
type tally struct {
	came, whole, cut  atomic.Int64  // conversations: begun, heard to their end, given up by a cut or by leaving
	heard, sent, lost atomic.Uint64 // lines; an answer to a line that was sent can be lost, too
	wrong             sync.Map      // what was wrong, each once
}

// fault notes what is wrong.
func (c *tally) fault(format string, args ...any) {
	c.wrong.Store(fmt.Sprintf(format, args...), true)
}

// lose notes that lines are missing.
func (c *tally) lose(n uint64, where string, args ...any) {
	c.lost.Add(n)
	c.fault("%d lines are lost: %s", n, fmt.Sprintf(where, args...))
}

// check reports what is wrong.
func (c *tally) check(t *testing.T, name string) {
	t.Helper()
	shown := 0
	c.wrong.Range(func(what, _ any) bool {
		t.Errorf("%s: %s", name, what)
		shown++
		return shown < 20
	})
	if c.came.Load() == 0 {
		t.Errorf("%s: nobody came", name)
	}
}
