package mcp

import (
	"context"
	"maps"
	"sync"
	"time"

	"websocketd/libwebsocketd/shared"
)

// handedEveryone is what is known of a process that serves everyone, on its way from one server to another.
type handedEveryone struct {
	Script, User string
	Greeted      bool
	Hello        []byte
	Tools        map[string][]handedBinding
	Listed       bool
	Answered     bool
	IsRead       bool   // of its output was read
	Epoch        string // up to After
	After        uint64
	Serves       struct {
		Epoch   string
		Endings int
	}
}

// handedBinding is a binding on its way.
type handedBinding struct {
	Path   []string
	Header string
}

// shut lets no request in that is for a process which serves everyone, and returns what is known of these.
func (s *supervisor) shut() map[childKey]*everyone {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.still = true
	for _, e := range s.children {
		e.turn.shut()
	}
	return maps.Clone(s.children)
}

// handOver notes whether another server goes on with all of it, before anything is forgotten here.
func (s *supervisor) handOver(taken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = taken
}

func (s *supervisor) isHandedOver() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone
}

// open ends shut, and what standAll has begun.
func (s *supervisor) open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.still = false
	for _, e := range s.children {
		e.stay(false)
		e.stands = false
		e.turn.open(s.gone)
	}
}

// standAll makes processes that serve everyone stand still, all at once. One with a call that is not answered
// in time stays: this server is there until it is.
func standAll(ctx context.Context, all map[childKey]*everyone) {
	ctx, cancel := context.WithTimeout(ctx, quietTime)
	defer cancel()
	var at sync.WaitGroup
	for _, e := range all {
		at.Go(func() {
			if e.stands = e.becomesQuiet(ctx); e.stands {
				e.endLine()
			} else {
				e.stay(true)
			}
		})
	}
	at.Wait()
}

// becomesQuiet waits until no request is under way, and reports whether none is.
func (e *everyone) becomesQuiet(ctx context.Context) bool {
	quiet := e.turn.vacated()
	tick := time.NewTicker(lineTime)
	defer tick.Stop()
	for {
		e.endSubscriptions(ctx)
		select {
		case <-quiet:
			return true
		case <-tick.C: // a request that came before may have become a subscription
		case <-ctx.Done():
			return false
		}
	}
}

// endSubscriptions ends the subscriptions: their clients begin others with the new server.
func (e *everyone) endSubscriptions(ctx context.Context) {
	for _, x := range e.takeAll(func(x *call) bool { return x.method == methodListen }) {
		x.stream.say(e.going, listenResult(x.id), true)
		if text, err := x.canceled("a new server takes over"); err == nil {
			e.write(ctx, x.over, text)
		}
	}
}

// stay says whether the process stays with this server.
func (e *everyone) stay(is bool) {
	e.holding.Lock()
	defer e.holding.Unlock()
	if e.line != nil {
		e.line.link.(*shared.Subscription).Stay(is)
	}
}

// pass returns what another server needs to go on with the process.
func (e *everyone) pass(key childKey) []byte {
	v := handedEveryone{Script: key.script, User: key.user, Greeted: key.greeted, Answered: e.answered.Load()}
	if at := e.position.Load(); at != nil {
		v.IsRead, v.Epoch, v.After = true, at.epoch, at.after
	}
	v.Serves.Epoch, v.Serves.Endings = e.serves.epoch, e.serves.endings
	v.Hello = e.hello.said()
	v.Listed, v.Tools = e.tools.listed, map[string][]handedBinding{}
	for name, all := range e.tools.known {
		to := []handedBinding{}
		for _, b := range all {
			to = append(to, handedBinding{b.path, b.header})
		}
		v.Tools[name] = to
	}
	return pack(v)
}

// bringEveryone makes what another server knows of a process this one's, before there are requests.
func (s *supervisor) bringEveryone(passed []byte) error {
	var v handedEveryone
	if err := unpack(passed, &v); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := childKey{script: v.Script, user: v.User, greeted: v.Greeted}
	e := s.newEveryone(key)
	e.left = time.Now()
	e.answered.Store(v.Answered)
	if v.IsRead {
		e.position.Store(&position{v.Epoch, v.After})
	}
	e.serves.epoch, e.serves.endings = v.Serves.Epoch, v.Serves.Endings
	e.hello.result, e.hello.until = v.Hello, e.serves.until()
	e.tools.listed, e.tools.known = v.Listed, map[string][]binding{}
	for name, all := range v.Tools {
		var own []binding
		for _, b := range all {
			own = append(own, binding{b.Path, b.Header})
		}
		e.tools.known[name] = own
	}
	s.children[key] = e
	return nil
}
