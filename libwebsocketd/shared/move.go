package shared

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"maps"
	"os"
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
// function that settles it. After an error they go on.
func LiftAll(ctx context.Context, runtime *libwebsocketd.Runtime, hubs []*Hub) (all []libwebsocketd.Handed, settle func(taken bool), err error) {
	var mu sync.Mutex
	var at sync.WaitGroup
	var lifted []*Lifted
	for _, h := range hubs {
		at.Go(func() {
			l, liftErr := h.Lift(ctx)
			var to libwebsocketd.Handed
			if l != nil {
				to, liftErr = h.pass(l)
			}
			mu.Lock()
			defer mu.Unlock()
			if l != nil {
				all, lifted = append(all, to), append(lifted, l)
			}
			err = errors.Join(err, liftErr)
		})
	}
	at.Wait()
	settle = func(taken bool) {
		for _, l := range lifted {
			l.settle(taken, runtime)
		}
	}
	if err != nil {
		settle(false)
		closeFiles(all)
		return nil, nil, err
	}
	return all, settle, nil
}

func closeFiles(all []libwebsocketd.Handed) {
	for _, h := range all {
		for _, f := range h.Files {
			f.Close()
		}
	}
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
	to, err = Encode(h.Pass(l.Handed))
	to.Files = files
	if l.endpoint != nil {
		to.Pid, to.Parent = l.endpoint.Pid(), l.endpoint.Process().Parent()
	}
	return to, err
}

// Encode returns what is handed over of something without a process.
func Encode(v any) (to libwebsocketd.Handed, err error) {
	var data bytes.Buffer
	err = gob.NewEncoder(&data).Encode(v)
	to.Data = data.Bytes()
	return to, err
}

// Decode decodes what Pass has returned in another server.
func Decode(from *libwebsocketd.Handed, v any) error {
	if err := gob.NewDecoder(bytes.NewReader(from.Data)).Decode(v); err != nil {
		return fmt.Errorf("what another server has handed over cannot be read: %w", err)
	}
	return nil
}
