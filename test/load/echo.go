package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Measures of echo.
const (
	messagesPerSecond = "msgs/s"
	p50               = "p50 µs"
	p99               = "p99 µs"
	cpuPerMessage     = "server µs/msg"
)

// An echoer sends a message, waits until it comes back, and sends the next one.
type echoer struct {
	*client
	lines, frames *pattern

	times     []int64 // ns, of the window
	lost, bad int64
	err       error
}

// The phases of a closed loop.
const (
	warming = iota
	measuring
	over
)

// A closedLoop is a number of echoers at work.
type closedLoop struct {
	phase   atomic.Int32
	done    atomic.Int64
	echoers []*echoer
	running sync.WaitGroup
}

// echo measures what comes back through cat.
func (b *bench) echo(t target, conns, size int) (sample, error) {
	s, err := start(t, nil, "/bin/cat")
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	loop, err := b.openLoop(s, conns, size)
	if err != nil {
		return sample{}, err
	}
	return b.readLoop(loop, s)
}

// openLoop connects, and sees that every child answers.
func (b *bench) openLoop(s *server, conns, size int) (*closedLoop, error) {
	lines, frames := newPattern(size, asLine), newPattern(size, asClientFrame)
	loop := &closedLoop{}
	for range conns {
		c, err := dial(s.address, smallBuffer, b.patience())
		if err != nil {
			loop.close()
			return nil, err
		}
		e := &echoer{client: c, lines: lines, frames: frames}
		loop.echoers = append(loop.echoers, e)
		if err := e.exchange(0); err != nil { // the child is up
			loop.close()
			return nil, err
		}
	}
	return loop, nil
}

func (l *closedLoop) close() {
	for _, e := range l.echoers {
		e.Close()
	}
}

// readLoop lets the loop run for the window, and closes it.
func (b *bench) readLoop(l *closedLoop, s *server) (sample, error) {
	defer l.close()
	for _, e := range l.echoers {
		l.running.Go(func() { e.err = e.run(&l.phase, &l.done) })
	}
	err := b.pass(b.window / 5)
	l.phase.Store(measuring)
	end := meter{l.done.Load, s.cpu}.begin()
	err = errors.Join(err, b.pass(b.window))
	r := end()
	l.phase.Store(over)
	l.running.Wait()
	found := sample{values: map[string]number{
		messagesPerSecond: r.rate(),
		cpuPerMessage:     r.cpuEach() / 1000,
		clientCores:       r.clientCores(),
	}}
	var times []int64
	for _, e := range l.echoers {
		times = append(times, e.times...)
		found.lost += e.lost
		found.bad += e.bad
		err = errors.Join(err, e.err)
	}
	slices.Sort(times)
	found.values[p50], found.values[p99] = percentile(times, 50)/1000, percentile(times, 99)/1000
	return found, err
}

// echoLines is how many lines of the pattern an echoer sends by turns.
const echoLines = 61

// run is one connection's loop, until the phase is over.
func (e *echoer) run(phase *atomic.Int32, done *atomic.Int64) error {
	for i := 0; phase.Load() != over; i = (i + 1) % echoLines {
		began := time.Now()
		if err := e.exchange(i); err != nil {
			return err
		}
		done.Add(1)
		if phase.Load() == measuring {
			e.times = append(e.times, time.Since(began).Nanoseconds())
		}
	}
	return nil
}

// exchange sends line i and waits until it comes back.
func (e *echoer) exchange(i int) error {
	if _, err := e.Write(e.frames.wrapped(i)); err != nil {
		return err
	}
	answer, err := e.message()
	if err != nil {
		e.lost++
		return fmt.Errorf("no answer: %w", err)
	}
	if !bytes.Equal(answer, e.lines.line(i)) {
		e.bad++
	}
	return nil
}
