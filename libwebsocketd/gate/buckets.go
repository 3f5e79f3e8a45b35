package gate

import (
	"container/list"
	"context"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// mostAddresses is how many addresses Buckets remember.
const mostAddresses = 10_000

// Buckets hold each address to a Rate. Of more addresses than mostAddresses the one that
// took something longest ago is forgotten: its bucket has refilled most, so that least is
// given away, and one that goes on trying is never the one. A nil Buckets has no limit.
type Buckets struct {
	rate Rate
	mu   sync.Mutex
	of   map[netip.Addr]*list.Element
	used list.List // of *bucket, the one used longest ago first
}

type bucket struct {
	addr  netip.Addr
	level *rate.Limiter
	head  chan struct{} // full as long as somebody is the next to take a token
}

// NewBuckets returns Buckets for a Rate; nil if that is no limit.
func NewBuckets(r Rate) *Buckets {
	if r == (Rate{}) {
		return nil
	}
	return &Buckets{rate: r, of: map[netip.Addr]*list.Element{}}
}

// Take takes a token of an address and returns 0, or takes none and returns after which
// time there will be one.
func (b *Buckets) Take(addr netip.Addr) time.Duration {
	if b == nil || !addr.IsValid() {
		return 0
	}
	if level := b.find(network(addr)).level; !level.Allow() {
		return max(lack(level), 1)
	}
	return 0
}

// Await takes a token of an address, for which it waits until ctx is done. Those that wait
// get theirs in the order of their calls; one that leaves has cost those behind it nothing.
func (b *Buckets) Await(ctx context.Context, addr netip.Addr) error {
	if b == nil || !addr.IsValid() {
		return nil
	}
	at := b.find(network(addr))
	select {
	case at.head <- struct{}{}: // those that wait for this stand in a queue
		defer func() { <-at.head }()
	case <-ctx.Done():
	}
	for ctx.Err() == nil {
		if at.level.Allow() {
			return nil
		}
		awaitToken(ctx, at.level)
	}
	return ctx.Err()
}

// Left returns how many tokens an address has, and if it is none, after which time it will
// have one. It takes nothing, and remembers no address.
func (b *Buckets) Left(addr netip.Addr) (n int, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if at := b.of[network(addr)]; at != nil {
		level := at.Value.(*bucket).level
		return int(level.Tokens()), lack(level)
	}
	return b.rate.N, 0
}

// find returns the bucket of an address, which is the last used from now on.
func (b *Buckets) find(addr netip.Addr) *bucket {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := b.of[addr]
	if at == nil {
		if b.used.Len() >= mostAddresses {
			delete(b.of, b.used.Remove(b.used.Front()).(*bucket).addr)
		}
		at = b.used.PushBack(&bucket{addr, b.rate.limiter(), make(chan struct{}, 1)})
		b.of[addr] = at
	}
	b.used.MoveToBack(at)
	return at.Value.(*bucket)
}

// network returns what limits count as one address: an IPv4 address, and of an IPv6 address
// its /64, which is what one subscriber gets (RFC 6177). It is not valid if addr is not.
func network(addr netip.Addr) netip.Addr {
	addr = addr.Unmap()
	if !addr.Is6() {
		return addr
	}
	prefix, _ := addr.WithZone("").Prefix(64)
	return prefix.Addr()
}
