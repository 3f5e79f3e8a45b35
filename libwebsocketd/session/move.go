package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/shared"
)

var _ libwebsocketd.Mover = (*supervisor)(nil)

// handedSession is a session on its way from one server to another.
type handedSession struct {
	ID            string
	Number        uint64
	Path, Program string
	User, Proof   string
	Began         time.Time
	Secrets       [][]byte // hashes
	ForAll        bool
	Latest        uint64
	PathInfo      string
	Command       []string
	Environ       []string // nil: the program is not started again
	IsKept        bool     // of a protocol that names it itself
	Kept          []byte
	Hub           shared.Handed
}

// pass returns what is handed over.
func (x *Session) pass(hub shared.Handed) any {
	var passed []byte
	kept, isKept := x.Kept().(Mobile)
	if isKept {
		passed = kept.Pass()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return handedSession{
		IsKept: isKept, Kept: passed,
		ID: x.ID, Number: x.Number, Path: x.Path, Program: x.program, User: x.Owner.User, Proof: x.Owner.Proof, Began: x.Began,
		Secrets: x.keys.pass(), ForAll: x.forAll.Load(), Latest: x.latest,
		PathInfo: x.start.Target.PathInfo, Command: x.start.Target.Command(), Environ: x.start.Environ, Hub: hub,
	}
}

// Lift implements libwebsocketd.Mover. The sessions of a protocol that names them itself are handed
// over if what it keeps with them is Mobile.
func (s *supervisor) Lift(ctx context.Context) (all []libwebsocketd.Handed, settle func(taken bool), err error) {
	s.registry.setStill(true)
	hubs, letGo, err := s.stand(ctx)
	settleAll := func(bool) {}
	if err == nil {
		all, settleAll, err = shared.LiftAll(ctx, s.runtime, hubs)
	}
	if err != nil {
		letGo(false)
		s.registry.setStill(false)
		return nil, nil, err
	}
	return all, func(taken bool) {
		s.handed.Store(taken)
		settleAll(taken)
		letGo(taken)
		s.registry.setStill(taken)
		if taken {
			for x := range s.registry.ofSupervisor(s) {
				x.hub.Expire(0)
			}
		}
	}, nil
}

// stand makes what protocols keep with sessions stand still, all at once, and returns the hubs to be
// lifted. The caller must call letGo, also after an error.
func (s *supervisor) stand(ctx context.Context) (hubs []*shared.Hub, letGo func(taken bool), err error) {
	var mu sync.Mutex
	var at sync.WaitGroup
	var still []Mobile
	for x := range s.registry.ofSupervisor(s) {
		kept := x.Kept()
		if kept == nil {
			hubs = append(hubs, x.hub)
		}
		m, ok := kept.(Mobile)
		if !ok {
			continue
		}
		hubs = append(hubs, x.hub)
		at.Go(func() {
			failed := m.Stand(ctx)
			mu.Lock()
			defer mu.Unlock()
			if failed == nil {
				still = append(still, m)
				return
			}
			err = errors.Join(err, fmt.Errorf("session %d: %w", x.Number, failed))
		})
	}
	at.Wait()
	return hubs, func(taken bool) {
		for _, m := range still {
			m.Go(taken)
		}
	}, err
}

// TakeOver implements libwebsocketd.Mover.
func (s *supervisor) TakeOver(from libwebsocketd.Handed) (begin func(), err error) {
	return s.takeOver(from, nil)
}

// takeOver takes over a session. keep makes what a protocol keeps with one that it names itself; nil: there
// is no such protocol.
func (s *supervisor) takeOver(from libwebsocketd.Handed, keep func(*Session, []byte) (any, error)) (begin func(), err error) {
	var v handedSession
	if err := from.Decode(&v); err != nil {
		return nil, err
	}
	if v.IsKept != (keep != nil) {
		return nil, fmt.Errorf("%s: its sessions are not of the kind that is served there now", v.Program)
	}
	x := &Session{ID: v.ID, Number: v.Number, Path: v.Path, Owner: libwebsocketd.Identity{User: v.User, Proof: v.Proof}, Began: v.Began,
		program: v.Program, registry: s.registry, gone: make(chan struct{}), created: true, latest: v.Latest}
	x.life.Store(&s.life)
	x.keys.takeOver(v.Secrets)
	x.forAll.Store(v.ForAll)
	x.start = s.startFor(x, libwebsocketd.NewTarget(v.Path, v.PathInfo, v.Command), v.Environ)
	x.log = s.runtime.Log().With("session", x.Number)
	if keep != nil {
		value, err := keep(x, v.Kept)
		if err != nil {
			return nil, err
		}
		x.kept.Store(&kept{value})
	}
	x.hub = s.newHub(x, &v.Hub)
	s.registry.bring(x)
	return func() { x.hub.Resume(s.runtime, &v.Hub, &from) }, nil
}

// pass returns the hashes.
func (k *keys) pass() (hashes [][]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range k.secrets {
		hashes = append(hashes, k.secrets[i][:])
	}
	return hashes
}

// takeOver adds hashes of secrets.
func (k *keys) takeOver(hashes [][]byte) {
	for _, hash := range hashes {
		if len(hash) == sha256.Size {
			k.secrets = append(k.secrets, [sha256.Size]byte(hash))
		}
	}
}

// bring adds a session that another server has had, also where there would be no place for it.
func (r *Registry) bring(x *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[x.ID] = x
	r.last = max(r.last, x.Number)
}

// setStill makes add refuse sessions: another server goes on with those that are there, or is about to.
func (r *Registry) setStill(is bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.still = is
}

// Promises is what a Registry knows of pages that were promised a session, on its way from one
// server to another.
type Promises struct {
	Key  []byte
	Used map[string]time.Time
	Last uint64 // the number that was vended last
}

// Promises returns what another server's Registry needs to keep this one's promises.
func (r *Registry) Promises() Promises {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reservations.mu.Lock()
	defer r.reservations.mu.Unlock()
	return Promises{r.key[:], maps.Clone(r.used), r.last}
}

// Keep makes the promises of another server's Registry this one's, before there are sessions.
func (r *Registry) Keep(p Promises) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reservations.mu.Lock()
	defer r.reservations.mu.Unlock()
	copy(r.key[:], p.Key)
	if p.Used != nil {
		r.used = p.Used
	}
	r.last = p.Last
}
