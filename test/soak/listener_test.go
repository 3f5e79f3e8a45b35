package soak

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sigkilled is the close code of a process that SIGKILL has ended.
const sigkilled = 4137

// listener follows the lines that come to one client: of one process, or of one after another that
// do the same. Where one takes the place of another without a gap, both write for a while.
type listener struct {
	ledger ledger
	tally  *tally
	late   bool                 // the first line may be a later one: the client has come late
	killed func(id string) bool // reports whether somebody has killed the process

	heard int             // lines, since it has come
	ears  map[string]*ear // of processes that are not over
	*ear                  // of the newest of them
}

// ear is what has come of one process.
type ear struct {
	id   string
	last uint64 // its last line
	code int    // the ending that it has announced with its last line; 0: none yet
	at   int    // how many lines of all had come when that one came
}

// settled is after how many lines of other processes one that is followed by others has ended, and
// nothing of it is on its way.
const settled = 200

// take takes a line. It reports whether there is something wrong with it, which it notes. What the
// server says between lines is not counted.
func (l *listener) take(line string) (ok bool) {
	if strings.HasPrefix(line, "[websocketd: ") {
		return true
	}
	fields := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 4)
	n := uint64(0)
	if len(fields) > 2 {
		n, _ = strconv.ParseUint(fields[1], 10, 64)
	}
	if n == 0 {
		l.tally.fault("no numbered line: %.80q", line)
		return false
	}
	l.turn(fields[0], n)
	if n <= l.last {
		l.tally.fault("line %d of process %s comes after %d", n, l.id, l.last)
		return false
	}
	if n > l.last+1 {
		l.tally.lose(n-l.last-1, "line %d of process %s comes after %d", n, l.id, l.last)
	}
	l.heard++
	l.last, l.at = n, l.heard
	l.tally.heard.Add(1)
	if fields[2] == "last" && len(fields) == 4 {
		l.code, _ = strconv.Atoi(fields[3])
	}
	return true
}

// turn turns to the process of which line n comes.
func (l *listener) turn(id string, n uint64) {
	l.settle()
	if l.ear = l.ears[id]; l.ear != nil {
		return
	}
	if l.ears == nil {
		l.ears = map[string]*ear{}
	}
	l.ear = &ear{id: id}
	l.ears[id] = l.ear
	if l.late && l.heard < settled { // two may be writing just now
		l.last = n - 1
	}
}

// join has the next line be any line: the client has been told that some are not kept any more.
func (l *listener) join() { l.late, l.heard, l.ears, l.ear = true, 0, nil, nil }

// settle demands all of the processes in whose place others have come.
func (l *listener) settle() {
	for id, e := range l.ears {
		if l.heard-e.at > settled {
			l.over(e)
			delete(l.ears, id)
		}
	}
}

// over is told that a process has ended, and that all it has said should have come.
func (l *listener) over(e *ear) {
	said, err := l.ledger.said(e.id)
	if err != nil {
		l.tally.fault("%v", err)
	}
	if said > e.last {
		l.tally.lose(said-e.last, "process %s has said %d, and %d came", e.id, said, e.last)
	}
}

// ended is told the close code with which the process has ended, to the one who has heard it to
// the end. A process that was killed cannot have announced it, and may have said nothing.
func (l *listener) ended(code int, reason string) {
	l.tally.whole.Add(1)
	if l.ear == nil {
		if code != sigkilled {
			l.tally.fault("the end is %d %s, and no line came", code, reason)
		}
		return
	}
	l.over(l.ear)
	if code != l.code && (code != sigkilled || !l.killed(l.id)) {
		l.tally.fault("the end is %d %s, after %d lines; %d was announced", code, reason, l.last, l.code)
	}
}

// What a listener must find is found: a line that is left out, one that comes twice, the missing
// end, and another ending than the one announced.
func TestListener(t *testing.T) {
	said := func(id string, n int) (lines []string) {
		for i := range n {
			lines = append(lines, fmt.Sprintf("%s %d said x", id, i+1))
		}
		return lines
	}
	for name, test := range map[string]struct {
		lines []string
		late  bool
		code  int
		lost  uint64
		wrong bool
	}{
		"all":              {append(said("A", 9), "A 10 last 4002"), false, 4002, 0, false},
		"killed":           {said("A", 10), false, sigkilled, 0, false},
		"a note":           {append([]string{"[websocketd: restarted after exit status 1]"}, said("A", 10)...), false, sigkilled, 0, false},
		"late":             {said("A", 10)[4:], true, sigkilled, 0, false},
		"not late":         {said("A", 10)[4:], false, sigkilled, 4, true},
		"left out":         {append(said("A", 4), said("A", 10)[6:]...), false, sigkilled, 2, true},
		"cut short":        {said("A", 7), false, sigkilled, 3, true},
		"twice":            {append(said("A", 10), "A 10 said x"), false, sigkilled, 0, true},
		"two processes":    {append(said("B", 10), said("A", settled+10)...), false, sigkilled, 0, false},
		"both at once":     {slices.Concat(said("B", 8), said("A", 5), said("B", 10)[8:], said("A", settled+10)[5:]), false, sigkilled, 0, false},
		"the first cut":    {append(said("B", 8), said("A", settled+10)...), false, sigkilled, 2, true},
		"still on its way": {append(said("B", 8), said("A", 10)...), false, sigkilled, 0, false},
		"another ending":   {append(said("A", 9), "A 10 last 4002"), false, 4001, 0, true},
		"unannounced":      {said("A", 10), false, 1000, 0, true},
		"not killed":       {said("B", 10), false, sigkilled, 0, true},
		"no line":          {append(said("A", 10), "hello"), false, sigkilled, 0, true},
	} {
		dir, c := t.TempDir(), &tally{}
		for _, id := range []string{"A", "B"} {
			if err := os.WriteFile(filepath.Join(dir, id), binary.BigEndian.AppendUint64(nil, 10), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		l := &listener{ledger: ledger{dir}, tally: c, late: test.late, killed: func(id string) bool { return id == "A" }}
		for _, line := range test.lines {
			l.take(line)
		}
		l.ended(test.code, "")
		wrong := false
		c.wrong.Range(func(_, _ any) bool { wrong = true; return false })
		if c.lost.Load() != test.lost || wrong != test.wrong {
			t.Errorf("%s: %d lost, something wrong: %v", name, c.lost.Load(), wrong)
		}
	}
}
