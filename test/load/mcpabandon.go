package main

import (
	"cmp"
	"slices"
	"strconv"
	"sync"
	"time"

	"websocketd/test/harness"
)

// Measures of sessions whose clients never come back.
const (
	serversLeft   = "MCP servers left" // when the last session must have ended
	mbLeft        = "MB left"          // of all processes, then
	secondsToNone = "s until none"     // of them is left; not measured if some are
	serversOpen   = "MCP servers open" // before the clients have gone
	mbOpen        = "MB open"
	openP50       = "open p50 ms"
)

// openers is how many sessions are opened at the same time.
const openers = 10

// ending is how long the processes of ended sessions may take to end.
const ending = 500 * time.Millisecond

// stayed is how long after the last session must have ended it is waited for in vain.
const stayed = 10 * time.Second

// abandon measures clients that open a session and its stream, and are never heard of again: half
// of them close their connections, and the network of the others is gone.
func (b *bench) abandon(t target, command []string, sessions int) (sample, error) {
	s, err := b.startMCP(t, legacy, command)
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	clients, took, err := b.openSessions(s, sessions)
	defer func() {
		for _, c := range clients {
			c.Close()
		}
	}()
	if err != nil {
		return sample{}, err
	}
	found := sample{values: map[string]number{
		serversOpen: number(len(s.running(command[0]))),
		mbOpen:      s.megabytes(),
		openP50:     percentile(took, 50) / 1e6,
	}}
	if err := leaveAll(clients); err != nil {
		return sample{}, err
	}
	left := time.Now()
	none := func() bool { return len(s.running(command[0])) == 0 }
	over := harness.Within(expiry+2*pingEvery+ending, none)
	found.values[serversLeft] = number(len(s.running(command[0])))
	found.values[mbLeft] = s.megabytes()
	if over || harness.Within(stayed, none) {
		found.values[secondsToNone] = number(time.Since(left).Seconds())
	}
	return found, b.ctx.Err()
}

// openSessions opens sessions, each with two connections. The caller closes the clients returned,
// also after an error. The times are sorted.
func (b *bench) openSessions(s *server, sessions int) (clients []*mcpClient, took []int64, failure error) {
	var mu sync.Mutex
	var opening sync.WaitGroup
	next := 0
	claim := func() (n int, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next, next <= sessions && failure == nil
	}
	for range openers {
		opening.Go(func() {
			for n, ok := claim(); ok; n, ok = claim() {
				began := time.Now()
				pair, err := b.openSession(s, "client "+strconv.Itoa(n))
				mu.Lock()
				clients = append(clients, pair...)
				took = append(took, time.Since(began).Nanoseconds())
				failure = cmp.Or(failure, err)
				mu.Unlock()
			}
		})
	}
	opening.Wait()
	slices.Sort(took)
	return clients, took, failure
}

// openSession opens a session on one connection, and its stream on another one.
func (b *bench) openSession(s *server, name string) (pair []*mcpClient, err error) {
	for range 2 {
		c, err := b.dialMCP(s, legacy, name)
		if err != nil {
			return pair, err
		}
		pair = append(pair, c)
	}
	if err := pair[0].open(); err != nil {
		return pair, err
	}
	pair[1].session = pair[0].session
	return pair, pair[1].listen()
}

// leaveAll closes every second pair of connections, and silences the others.
func leaveAll(clients []*mcpClient) error {
	for n, c := range clients {
		if n/2%2 == 0 {
			c.Close()
		} else if err := harness.Silence(c.Conn); err != nil {
			return err
		}
	}
	return nil
}
