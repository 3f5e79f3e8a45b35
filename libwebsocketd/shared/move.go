package shared

import (
	"context"
	"maps"
	"os"
	"slices"

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
func (s *supervisor) Lift(ctx context.Context) (all []libwebsocketd.Handed, settle func(taken bool), err error) {
	s.mu.Lock()
	s.handed = true // from now on no hub is added
	hubs := slices.Collect(maps.Values(s.hubs))
	s.mu.Unlock()
	open := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.handed = false
	}
	all, settleAll, err := LiftAll(ctx, s.runtime, hubs)
	if err != nil {
		open()
		return nil, nil, err
	}
	return all, func(taken bool) {
		settleAll(taken)
		if !taken {
			open()
		}
		if taken {
			s.Retire() // what could not be handed over ends when its last viewer leaves
		}
	}, nil
}

// TakeOver implements libwebsocketd.Mover.
func (s *supervisor) TakeOver(from libwebsocketd.Handed) (begin func(), err error) {
	var v handedURL
	if err := from.Decode(&v); err != nil {
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
// function that settles it. One for which End was called before its Pass has returned is not handed over:
// it ends here. After an error they go on.
func LiftAll(ctx context.Context, runtime *libwebsocketd.Runtime, hubs []*Hub) (all []libwebsocketd.Handed, settle func(taken bool), err error) {
	return libwebsocketd.LiftEach(hubs, func(h *Hub) (to libwebsocketd.Handed, settle func(taken bool), err error) {
		l, err := h.Lift(ctx)
		if l == nil {
			return to, nil, err
		}
		to, err = h.pass(l)
		if err == nil && closed(h.quit) { // meanwhile End was called
			l.settle(false, runtime)
			libwebsocketd.CloseFiles([]libwebsocketd.Handed{to})
			return libwebsocketd.Handed{}, nil, nil
		}
		return to, func(taken bool) { l.settle(taken, runtime) }, err
	})
}

// pass returns what is handed over.
func (h *Hub) pass(l *Lifted) (to libwebsocketd.Handed, err error) {
	var files []*os.File
	if l.endpoint != nil {
		if files, err = l.Process.Files(l.endpoint); err != nil {
			return to, err
		}
	}
	if l.endpoint != nil && h.PassFile != nil {
		file, err := h.PassFile()
		if err != nil {
			return libwebsocketd.Handed{Files: files}, err
		}
		if file != nil {
			files = append(files, file)
		}
	}
	to, err = libwebsocketd.NewHanded(h.Pass(l.Handed))
	to.Files = files
	if l.endpoint != nil {
		to.Pid, to.Parent = l.endpoint.Pid(), l.endpoint.Process().Parent()
	}
	return to, err
}
