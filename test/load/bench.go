package main

import (
	"context"
	"os"
	"time"

	"websocketd/test/harness"
)

// A bench holds what every measurement needs.
type bench struct {
	ctx    context.Context
	window time.Duration // how long most figures are measured
	self   string        // this program, which also runs as the child and as some of the limits
}

// patience returns the time limit for all that one measurement does.
func (b *bench) patience() time.Duration { return 2*time.Minute + 10*b.window }

// longer returns a copy with a longer window.
func (b *bench) longer(times int) *bench {
	longer := *b
	longer.window *= time.Duration(times)
	return &longer
}

// A sample is the result of one measurement.
type sample struct {
	values map[string]number // by the name of the measure
	lost   int64             // what did not arrive
	bad    int64             // what arrived but was not sent
}

// A meter reads how much was done so far, and what that has cost.
type meter struct {
	done func() int64
	cpu  func() time.Duration
}

// A reading is the difference of two readings of a meter.
type reading struct {
	done    int64
	cpu     time.Duration // of the server
	client  time.Duration // of this process
	elapsed time.Duration
}

func (r reading) rate() number { return number(float64(r.done) / r.elapsed.Seconds()) }

func (r reading) cpuEach() number { return number(float64(r.cpu.Nanoseconds()) / float64(r.done)) }

// clientCores returns how many processors the client used. It shows whether the
// client was the limit.
func (r reading) clientCores() number { return number(r.client.Seconds() / r.elapsed.Seconds()) }

// begin starts a reading that ends when the returned function is called.
func (m meter) begin() (end func() reading) {
	at, done, cpu, client := time.Now(), m.done(), m.cpu(), ownCPU()
	return func() reading {
		return reading{m.done() - done, m.cpu() - cpu, ownCPU() - client, time.Since(at)}
	}
}

func ownCPU() time.Duration { return harness.CPUTime(os.Getpid()) }

// read lets the load settle for a moment, and then reads m over the window.
func (b *bench) read(m meter) (reading, error) {
	if err := b.pass(b.window / 5); err != nil {
		return reading{}, err
	}
	return b.readNow(m)
}

// readNow reads m over the window.
func (b *bench) readNow(m meter) (reading, error) {
	end := m.begin()
	err := b.pass(b.window)
	return end(), err
}

// pass waits while time passes. It is for measuring over a time, not for
// synchronization.
func (b *bench) pass(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-b.ctx.Done():
		return context.Cause(b.ctx)
	}
}
