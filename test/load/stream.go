package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// Measures of streams.
const (
	linesPerSecond = "lines/s"
	cpuPerLine     = "server ns/line"
	mbPerSecond    = "MB/s"
	cpuPerKB       = "server ns/KB"
	clientCores    = "client cores"
)

// A follower reads a connection to its end and checks what comes. It calls seen with
// the total so far.
type follower func(c *client, seen func(total int64)) (lost, bad int64, err error)

// A flood holds connections to children that write as fast as they can.
type flood struct {
	clients []*client
	counts  []*atomic.Int64 // of each client
	total   atomic.Int64    // of all
	over    atomic.Bool
	first   sync.WaitGroup // until the first piece has come on every connection
	running sync.WaitGroup // the followers

	mu     sync.Mutex
	sample sample
	err    error
}

// openFlood connects n clients and waits until each has received something.
func (b *bench) openFlood(s *server, n int, follow follower) (*flood, error) {
	return b.openFloodBy(s, n, b.dialPlain, follow)
}

// dialPlain connects.
func (b *bench) dialPlain(s *server, buffer int) (*client, error) {
	return dial(s.address, buffer, b.patience())
}

// openFloodBy does what openFlood does with another way to connect.
func (b *bench) openFloodBy(s *server, n int, connect func(s *server, buffer int) (*client, error), follow follower) (*flood, error) {
	f := &flood{sample: sample{values: map[string]number{}}}
	for range n {
		c, err := connect(s, floodBuffer)
		if err != nil {
			f.close()
			return nil, err
		}
		f.clients = append(f.clients, c)
		count := new(atomic.Int64)
		f.counts = append(f.counts, count)
		f.first.Add(1)
		f.running.Go(func() { f.run(c, count, follow) })
	}
	f.first.Wait()
	return f, nil
}

func (f *flood) run(c *client, count *atomic.Int64, follow follower) {
	begun := sync.OnceFunc(f.first.Done)
	defer begun()
	lost, bad, err := follow(c, func(total int64) {
		if f.total.Add(total - count.Swap(total)); total > 0 {
			begun()
		}
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sample.lost += lost
	f.sample.bad += bad
	if !f.over.Load() {
		f.err = cmp.Or(f.err, fmt.Errorf("the stream ended: %w", err))
	}
}

// each returns what every client has received so far.
func (f *flood) each() (all []int64) {
	for _, count := range f.counts {
		all = append(all, count.Load())
	}
	return all
}

// close ends the connections and returns what their followers found.
func (f *flood) close() (sample, error) {
	f.over.Store(true)
	for _, c := range f.clients {
		c.Close()
	}
	f.running.Wait()
	return f.sample, f.err
}

// flood measures a server whose children write as fast as they can.
func (b *bench) flood(t target, flags, program []string, conns int, follow follower) (reading, sample, error) {
	s, err := start(t, flags, program...)
	if err != nil {
		return reading{}, sample{}, err
	}
	defer s.stop()
	f, err := b.openFlood(s, conns, follow)
	if err != nil {
		return reading{}, sample{}, err
	}
	r, err := b.read(meter{f.total.Load, s.cpu})
	found, lostErr := f.close()
	return r, found, errors.Join(err, lostErr)
}

// stream measures lines of one size from a child of a kind, see childMain.
func (b *bench) stream(t target, kind string, size, conns int) (sample, error) {
	p := newPattern(size, asServerFrame)
	r, found, err := b.flood(t, nil, b.child(kind, size), conns, func(c *client, seen func(int64)) (int64, int64, error) {
		check := &check{p: p}
		err := c.follow(check, seen)
		return check.lost, check.bad, err
	})
	if err == nil {
		found.values[linesPerSecond] = r.rate()
		found.values[cpuPerLine] = r.cpuEach()
		found.values[clientCores] = r.clientCores()
	}
	return found, err
}

// binary measures chunks in binary frames.
func (b *bench) binary(t target) (sample, error) {
	p := newPattern(100, asLine)
	follow := func(c *client, seen func(int64)) (lost, bad int64, err error) {
		err = c.followBytes(p, seen)
		if errors.Is(err, errOtherBytes) {
			bad = 1
		}
		return 0, bad, err
	}
	r, found, err := b.flood(t, []string{"--binary"}, b.child("stream", 100), 1, follow)
	if err == nil {
		found.values[mbPerSecond] = r.rate() / 1e6
		found.values[cpuPerKB] = r.cpuEach() * 1000
		found.values[clientCores] = r.clientCores()
	}
	return found, err
}

var errOtherBytes = errors.New("the bytes are not those the child wrote")

// followBytes compares all that comes with what the child writes, until the
// connection ends.
func (c *client) followBytes(p *pattern, seen func(total int64)) error {
	at, total := 0, 0
	for {
		message, err := c.message()
		if err != nil {
			return err
		}
		for len(message) > 0 {
			n := min(len(message), p.cycle()-at)
			if !bytes.Equal(message[:n], p.ring[at:at+n]) {
				return fmt.Errorf("%w, somewhere in %d after %d", errOtherBytes, n, total)
			}
			message, total, at = message[n:], total+n, (at+n)%p.cycle()
		}
		seen(int64(total))
	}
}
