package shared

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"maps"
	"slices"
	"sync"

	"websocketd/libwebsocketd"
)

// handedURL is the hub of a URL on its way from one server to another.
type handedURL struct {
	ScriptName, PathInfo string
	Command              []string
	User, Proof          string // whose alone it is
	Hub                  Handed
}

// Lift implements libwebsocketd.Mover.
func (s *supervisor) Lift(ctx context.Context) (all []libwebsocketd.Handed, settle func(taken bool)) {
	s.mu.Lock()
	hubs := slices.Collect(maps.Values(s.hubs))
	s.mu.Unlock()
	all, settleAll := LiftAll(ctx, s.runtime, hubs)
	return all, func(taken bool) {
		s.mu.Lock()
		s.handed = taken
		s.mu.Unlock()
		settleAll(taken)
		if taken {
			s.Retire() // what could not be handed over ends when its last viewer leaves
		}
	}
}

// TakeOver implements libwebsocketd.Mover.
func (s *supervisor) TakeOver(from libwebsocketd.Handed) (begin func(), err error) {
	var v handedURL
	if err := Decode(&from, &v); err != nil {
		return nil, err
	}
	at := libwebsocketd.NewTarget(v.ScriptName, v.PathInfo, v.Command)
	owner := libwebsocketd.Identity{User: v.User, Proof: v.Proof}
	s.mu.Lock()
	h := s.newHub(at, owner, &v.Hub)
	s.mu.Unlock()
	return func() { h.Resume(s.runtime, &v.Hub, &from) }, nil
}

// LiftAll lifts hubs of runtime's program, all at once. It returns what is handed over, and the
// function that settles it.
func LiftAll(ctx context.Context, runtime *libwebsocketd.Runtime, hubs []*Hub) (all []libwebsocketd.Handed, settle func(taken bool)) {
	var mu sync.Mutex
	var at sync.WaitGroup
	var lifted []*Lifted
	for _, h := range hubs {
		at.Go(func() {
			l := h.Lift(ctx)
			if l == nil {
				return
			}
			to, err := h.pass(l)
			if err != nil {
				h.say(libwebsocketd.LevelError, "not handed over: "+err.Error())
				l.settle(false, runtime)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			all, lifted = append(all, to), append(lifted, l)
		})
	}
	at.Wait()
	return all, func(taken bool) {
		for _, l := range lifted {
			l.settle(taken, runtime)
		}
	}
}

// pass returns what is handed over.
func (h *Hub) pass(l *Lifted) (to libwebsocketd.Handed, err error) {
	if l.endpoint != nil {
		to.Pid, to.Parent = l.endpoint.Pid(), l.endpoint.Process().Parent()
		if to.Files, err = l.Process.Files(l.endpoint); err != nil {
			return to, err
		}
	}
	var data bytes.Buffer
	if err := gob.NewEncoder(&data).Encode(h.Pass(l.Handed)); err != nil {
		return to, err
	}
	to.Data = data.Bytes()
	return to, nil
}

// Decode decodes what Pass has returned in another server.
func Decode(from *libwebsocketd.Handed, v any) error {
	if err := gob.NewDecoder(bytes.NewReader(from.Data)).Decode(v); err != nil {
		return fmt.Errorf("what another server has handed over cannot be read: %w", err)
	}
	return nil
}
