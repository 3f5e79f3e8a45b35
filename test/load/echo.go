package main

import (
	"bytes"
	"fmt"
	"time"
)

// Measures of echo.
const (
	messagesPerSecond = "msgs/s"
	p50               = "p50 µs"
	p99               = "p99 µs"
	cpuPerMessage     = "server µs/msg"
)

// echoLines is how many lines of the pattern an echoer cycles through.
const echoLines = 61

// An echoer sends a message, waits until it comes back, and sends the next one.
type echoer struct {
	*client
	lines, frames *pattern
	next          int
}

// echo measures messages that come back through cat.
func (b *bench) echo(t target, conns, size int) (sample, error) {
	s, err := start(t, nil, "/bin/cat")
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	var workers []turn
	lines, frames := newPattern(size, asLine), newPattern(size, asClientFrame)
	for range conns {
		e, err := b.newEchoer(s, lines, frames)
		if err != nil {
			return sample{}, err
		}
		defer e.Close()
		workers = append(workers, e.exchange)
	}
	l, r := b.runLoop(s.cpu, workers)
	l.found.values[messagesPerSecond] = r.rate()
	l.found.values[cpuPerMessage] = r.cpuEach() / 1000
	l.found.values[p50] = percentile(l.times, 50) / 1000
	l.found.values[p99] = percentile(l.times, 99) / 1000
	return l.found, l.err
}

// newEchoer connects, and checks that the child answers.
func (b *bench) newEchoer(s *server, lines, frames *pattern) (*echoer, error) {
	c, err := dial(s.address, smallBuffer, b.patience())
	if err != nil {
		return nil, err
	}
	e := &echoer{client: c, lines: lines, frames: frames}
	if _, err := e.exchange(); err != nil {
		c.Close()
		return nil, err
	}
	return e, nil
}

// exchange sends a line and waits until it comes back.
func (e *echoer) exchange() (time.Duration, error) {
	began := time.Now()
	if _, err := e.Write(e.frames.wrapped(e.next)); err != nil {
		return 0, err
	}
	answer, err := e.message()
	if err != nil {
		return 0, fmt.Errorf("no answer: %w", err)
	}
	if !bytes.Equal(answer, e.lines.line(e.next)) {
		return 0, errWrong
	}
	e.next = (e.next + 1) % echoLines
	return time.Since(began), nil
}
