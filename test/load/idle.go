package main

import (
	"cmp"
	"errors"
	"sync"
	"time"

	"websocketd/test/harness"
)

// Measures of idle connections.
const (
	kbPerConn = "server KB/conn"
	threads   = "threads"
	idleCPU   = "server CPU ms/10s"
)

// dialers is how many goroutines connect at the same time.
const dialers = 16

// idle measures connections to cat on which nothing happens.
func (b *bench) idle(t target, conns int) (sample, error) {
	s, err := start(t, nil, "/bin/cat")
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	before, err := harness.StatusNumber(s.pid, "VmRSS")
	if err != nil {
		return sample{}, err
	}
	clients, err := b.crowd(s, conns)
	defer func() {
		for _, c := range clients {
			c.Close()
		}
	}()
	if err != nil {
		return sample{}, err
	}
	found, err := b.readIdle(s)
	if err != nil {
		return sample{}, err
	}
	after, err := harness.StatusNumber(s.pid, "VmRSS")
	found.values[kbPerConn] = number(after-before) / number(conns)
	if err == nil {
		found.lost = silent(clients)
	}
	return found, err
}

// readIdle waits for a while, and then measures for a longer while.
func (b *bench) readIdle(s *server) (sample, error) {
	if err := b.pass(b.window * 4 / 3); err != nil {
		return sample{}, err
	}
	end := meter{func() int64 { return 0 }, s.cpu}.begin()
	err := b.pass(b.window * 10 / 3)
	r := end()
	count, statusErr := harness.StatusNumber(s.pid, "Threads")
	return sample{values: map[string]number{
		idleCPU: number(r.cpu.Seconds() / r.elapsed.Seconds() * 1e4),
		threads: number(count),
	}}, errors.Join(err, statusErr)
}

// crowd connects n clients. The caller closes those returned, also after an error.
func (b *bench) crowd(s *server, n int) ([]*client, error) {
	var mu sync.Mutex
	var clients []*client
	var failure error
	var dialing sync.WaitGroup
	room := make(chan struct{}, n)
	for range n {
		room <- struct{}{}
	}
	close(room)
	for range dialers {
		dialing.Go(func() {
			for range room {
				c, err := dial(s.address, smallBuffer, b.patience())
				mu.Lock()
				if failure = cmp.Or(failure, err); err == nil {
					clients = append(clients, c)
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	dialing.Wait()
	return clients, failure
}

// silent counts the connections on which no answer comes any more.
func silent(clients []*client) (n int64) {
	frame := appendClientFrame(nil, textFrame, []byte(greeting))
	for _, c := range clients {
		c.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := c.Write(frame); err != nil {
			n++
			continue
		}
		if line, err := c.message(); err != nil || string(line) != greeting {
			n++
		}
	}
	return n
}
