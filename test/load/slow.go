package main

import (
	"errors"
	"time"

	"websocketd/test/harness"
)

// Measures of clients that do not read.
const (
	kbPerStalled = "server KB/stalled"
	stalledCPU   = "server CPU ms/s"
	childrenCPU  = "child CPU ms/s"
	p99Before    = "other p99 µs before"
	p99During    = "other p99 µs during"
	p99Ratio     = "other p99 ratio"
)

// floodRequest makes the slow child write without end; anything else it echoes.
const floodRequest = "flood"

// slow measures what clients that never read cost the server and another client.
func (b *bench) slow(t target, stalled int) (sample, error) {
	s, err := start(t, nil, b.child("slow", 100)...)
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	other, err := b.newEchoer(s, newPattern(16, asLine), newPattern(16, asClientFrame))
	if err != nil {
		return sample{}, err
	}
	defer other.Close()
	before, _ := b.runLoop(s.cpu, []turn{other.exchange})
	small, err := harness.StatusNumber(s.pid, "VmRSS")
	if err = errors.Join(err, before.err); err != nil {
		return sample{}, err
	}
	clients, err := b.stall(s, stalled)
	defer func() {
		for _, c := range clients {
			c.Close()
		}
	}()
	if err != nil {
		return sample{}, err
	}
	found, err := b.readStalled(s)
	if err != nil {
		return sample{}, err
	}
	during, _ := b.runLoop(s.cpu, []turn{other.exchange})
	large, err := harness.StatusNumber(s.pid, "VmRSS")
	found.bad = before.found.bad + during.found.bad
	found.values[kbPerStalled] = number(large-small) / number(stalled)
	found.values[p99Before] = percentile(before.times, 99) / 1000
	found.values[p99During] = percentile(during.times, 99) / 1000
	found.values[p99Ratio] = found.values[p99During] / found.values[p99Before]
	return found, errors.Join(err, during.err)
}

// stall connects clients that request a flood and never read, and waits until server
// and children wait for them. The caller closes those returned, also after an error.
func (b *bench) stall(s *server, n int) (clients []*client, err error) {
	for range n {
		c, err := dial(s.address, smallBuffer, b.patience())
		if err != nil {
			return clients, err
		}
		clients = append(clients, c)
		if _, err := c.Write(appendClientFrame(nil, textFrame, []byte(floodRequest))); err != nil {
			return clients, err
		}
	}
	const often, hardly = 100 * time.Millisecond, time.Millisecond
	for end := time.Now().Add(b.patience()); time.Now().Before(end); {
		before := s.cpu() + s.childCPU()
		if err := b.pass(often); err != nil {
			return clients, err
		}
		if s.cpu()+s.childCPU()-before < hardly {
			return clients, nil
		}
	}
	return clients, errors.New("the server goes on working for clients that do not read")
}

// childCPU returns the processor time of the children that are alive.
func (s *server) childCPU() (sum time.Duration) {
	for _, pid := range s.children() {
		sum += harness.CPUTime(pid)
	}
	return sum
}

// readStalled measures what stalled clients cost while nothing happens.
func (b *bench) readStalled(s *server) (sample, error) {
	children := s.childCPU()
	end := meter{func() int64 { return 0 }, s.cpu}.begin()
	err := b.pass(2 * b.window)
	r := end()
	perSecond := func(d time.Duration) number { return number(d.Seconds() / r.elapsed.Seconds() * 1000) }
	return sample{values: map[string]number{
		stalledCPU:  perSecond(r.cpu),
		childrenCPU: perSecond(s.childCPU() - children),
	}}, err
}

// echoOrFlood runs in the child.
func echoOrFlood(p *pattern) error {
	in := newReader(rawInput{}, smallBuffer)
	for {
		if line, _ := in.line(); string(line) == floodRequest {
			return floodChunks(p)
		}
		if err := writeAll(in.pending()); err != nil {
			return err
		}
		in.skip(len(in.pending()))
		if err := in.fill(); err != nil {
			return err
		}
	}
}
