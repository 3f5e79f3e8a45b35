package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"websocketd/test/harness"
)

// cpuPerPrinted is what a line costs websocketd connect.
const cpuPerPrinted = "client ns/line"

// connectFigure compares what websocketd connect prints with what its server can send.
func connectFigure(size int) figure {
	return figure{
		name:     fmt.Sprintf("connect/%d", size),
		measures: []string{linesPerSecond, cpuPerPrinted},
		others: func(b *bench, servers []target) (all []participant) {
			for _, t := range servers {
				if t.Name == peerName || !t.connects() {
					continue
				}
				all = append(all, participant{t.Name, func() (sample, error) { return b.connect(t, size) }})
				if len(all) == 1 {
					all = append(all, participant{limitName, func() (sample, error) { return b.stream(t, "stream", size, 1) }})
				}
			}
			return all
		},
	}
}

// connects reports whether the target is a client as well.
func (t target) connects() bool {
	help, err := exec.Command(t.Command[0], "connect", "--help").Output()
	return err == nil && strings.Contains(string(help), "connect [options] URL")
}

// connect measures the lines that websocketd connect prints, of a child that writes as fast
// as it can. Each is checked.
func (b *bench) connect(t target, size int) (found sample, err error) {
	s, err := start(t, nil, b.child("stream", size)...)
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	lines := &printed{check: check{p: newPattern(size, asLine)}}
	pid, stop, err := readPipe([]string{t.Command[0], "connect", "ws://" + s.address + "/"}, lines.add)
	if err != nil {
		return sample{}, err
	}
	if !harness.Within(startPatience, func() bool { return lines.count.Load() > 0 }) {
		err = errors.New("nothing comes out of connect")
	}
	var r reading
	if err == nil {
		r, err = b.read(meter{lines.count.Load, func() time.Duration { return harness.CPUTime(pid) }})
	}
	stop()
	found = sample{lost: lines.check.lost, bad: lines.check.bad, values: map[string]number{
		linesPerSecond: r.rate(), cpuPerPrinted: r.cpuEach(), clientCores: r.clientCores(),
	}}
	return found, err
}

// printed checks and counts lines that come in any pieces.
type printed struct {
	check check
	open  []byte // the beginning of a line
	count atomic.Int64
}

func (l *printed) add(piece []byte) {
	for len(piece) > 0 {
		if len(l.open) == 0 {
			piece = piece[l.check.match(piece):]
		}
		line, rest, whole := bytes.Cut(piece, []byte("\n"))
		if !whole {
			l.open = append(l.open, line...)
			break
		}
		l.check.take(append(l.open, line...))
		l.open, piece = l.open[:0], rest
	}
	l.count.Store(l.check.got)
}
