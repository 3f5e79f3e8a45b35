package soak

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// face is a kind of clients.
type face struct {
	name     string
	at       int // how many of them are there at a time
	tally    tally
	converse func(v visit)
}

// visit is one conversation of one client.
type visit struct {
	context.Context // is done when the soak is over: who follows a program leaves then
	*house
	*face
	random  *rand.Rand
	address string          // host:port to connect to: the server's, or that of a proxy that cuts
	cut     bool            // it is a proxy's: whatever comes may be the last
	talking context.Context // is done when the conversation has taken far too long
}

// listen returns a listener for this visit.
func (v visit) listen(late bool) *listener {
	return &listener{ledger: v.ledger, tally: &v.tally, late: late, killed: v.isKilled}
}

// uncut returns the visit without a proxy between.
func (v visit) uncut() visit {
	v.address, v.cut, v.talking = v.server.Addr, false, context.Background()
	return v
}

// broken is told of an error of the connection: it is one of the server's unless the client is cut
// off again and again, or has left.
func (v visit) broken(what string, err error) {
	v.tally.cut.Add(1)
	if !v.cut && v.Err() == nil {
		v.tally.fault("%s: %v", what, err)
	}
}

// chance reports whether something is so that is so in n of a hundred cases.
func (v visit) chance(n int) bool { return v.random.IntN(100) < n }

// crowd has clients of all kinds come again and again until ctx is done, and waits until the last
// of them has left.
func (h *house) crowd(ctx context.Context, faces []*face) {
	var all sync.WaitGroup
	for _, f := range faces {
		for i := range f.at {
			seed := h.random.Uint64()
			all.Go(func() { h.come(ctx, f, rand.New(rand.NewPCG(seed, uint64(i)))) })
		}
	}
	all.Wait()
}

// come has one client after another come.
func (h *house) come(ctx context.Context, f *face, random *rand.Rand) {
	for ctx.Err() == nil {
		h.visit(ctx, f, random)
		wait(ctx, random, mostPause)
	}
}

// visit has one client come, half of them through a proxy that cuts.
func (h *house) visit(ctx context.Context, f *face, random *rand.Rand) {
	v := visit{Context: ctx, house: h, face: f, random: random, address: h.server.Addr}
	limit := longest
	if random.IntN(2) == 0 {
		v.address, v.cut = h.proxies[random.IntN(len(h.proxies))].Addr, true
		limit = shortCut
		if h.long {
			limit = longestCut
		}
	}
	var cancel context.CancelFunc
	v.talking, cancel = context.WithTimeout(context.Background(), limit)
	defer cancel()
	f.tally.came.Add(1)
	f.converse(v)
}

// How long a client waits for the end of a conversation that ends by itself. One that is cut off may
// not be told.
const longest, longestCut, shortCut = 3 * time.Minute, 10 * time.Second, 3 * time.Second

// mostPause is between two conversations of a client.
const mostPause = 300 * time.Millisecond

// wait waits for some time, the whole of it at most, or until ctx is done.
func wait(ctx context.Context, random *rand.Rand, most time.Duration) {
	timer := time.NewTimer(time.Duration(random.Int64N(int64(most))))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
