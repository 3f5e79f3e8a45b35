package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// roundLines is how many lines a throng is written at once.
const roundLines = 10

// A throng is very many clients of which all get the same lines, and which are written more
// when all have got them.
type throng struct {
	clients []*client
	total   atomic.Int64 // lines of all together
	wanted  atomic.Int64 // lines at which whoever writes is woken
	reached chan struct{}
	over    atomic.Bool
	running sync.WaitGroup
	rounds  []int64 // how long all took to have what was written at once, in ns; sorted at the end

	mu        sync.Mutex
	lost, bad int64
	err       error
}

// gather connects so many clients, which begin to read. The caller calls end, also after an
// error.
func (b *bench) gather(conns int, connect func() (*client, error)) (*throng, error) {
	g := &throng{reached: make(chan struct{}, 1)}
	g.wanted.Store(-1)
	var dialing sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(conns))
	for range dialers {
		dialing.Go(func() {
			for left.Add(-1) >= 0 && g.failure() == nil {
				c, err := connect()
				g.add(c, err)
			}
		})
	}
	dialing.Wait()
	return g, g.failure()
}

func (g *throng) failure() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

func (g *throng) add(c *client, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err = cmp.Or(g.err, err); err != nil {
		return
	}
	g.clients = append(g.clients, c)
	g.running.Go(func() { g.follow(c) })
}

// follow reads a client to its end.
func (g *throng) follow(c *client) {
	had := int64(0)
	lost, bad, err := c.followPaced(true, func(total int64) {
		if g.total.Add(total-had) >= g.wanted.Load() && total > had {
			g.wake()
		}
		had = total
	}, func(int, int64, int64) {})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lost += lost
	g.bad += bad
	if !g.over.Load() {
		g.err = cmp.Or(g.err, fmt.Errorf("a stream ended: %w", err))
		g.wake()
	}
}

func (g *throng) wake() {
	select {
	case g.reached <- struct{}{}:
	default:
	}
}

// read writes in rounds, and measures m over the window.
func (g *throng) read(b *bench, m meter, write func(n, number int) error) (r reading, err error) {
	stop := make(chan struct{})
	var writing sync.WaitGroup
	var failed error
	writing.Go(func() { failed = g.write(b, stop, write) })
	r, err = b.read(m)
	close(stop)
	writing.Wait()
	slices.Sort(g.rounds)
	return r, cmp.Or(failed, err)
}

// write writes a round, waits until all have it, and writes the next.
func (g *throng) write(b *bench, stop chan struct{}, write func(n, number int) error) error {
	for number := 0; ; number += roundLines {
		want := int64(number+roundLines) * int64(len(g.clients))
		g.wanted.Store(want)
		began := time.Now()
		if err := write(roundLines, number); err != nil {
			return err
		}
		for g.total.Load() < want {
			select {
			case <-g.reached:
			case <-time.After(b.patience()):
				return errors.New("what was written does not reach all")
			}
			if err := g.failure(); err != nil {
				return err
			}
		}
		g.rounds = append(g.rounds, time.Since(began).Nanoseconds())
		select {
		case <-stop:
			return nil
		default:
		}
	}
}

// end closes all connections, and returns what went wrong before.
func (g *throng) end() error {
	g.over.Store(true)
	for _, c := range g.clients {
		c.Close()
	}
	g.running.Wait()
	return g.err
}
