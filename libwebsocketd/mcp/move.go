package mcp

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"time"

	"websocketd/libwebsocketd"
)

var _ libwebsocketd.Mover = (*supervisor)(nil)

// quietTime is how long a server that is to be replaced waits for the requests whose clients cannot come
// back for the answer.
const quietTime = 3 * time.Second

// handed is what is handed over of a program, on its way from one server to another.
type handed struct {
	Of      whose
	Data    []byte // what those who keep processes hand over
	Numbers uint64 // the last number of a call
}

// whose says of whom it is what is handed over.
type whose string

const (
	ofSession whose = "session"
	ofModern  whose = "modern"  // of the process that serves everyone
	ofGreeted whose = "greeted" // of the one that serves everyone who is older
	ofChild   whose = "child"   // what is known of such a process
)

// part is one of those who keep the processes of a program.
type part struct {
	of   whose
	lift func(context.Context) ([]libwebsocketd.Handed, func(taken bool), error)
}

// parts returns those that there are.
func (s *supervisor) parts() []part {
	all := []part{{ofSession, s.sessions.Lift}, {ofModern, s.modern.(libwebsocketd.Mover).Lift}}
	if s.greeted != nil {
		all = append(all, part{ofGreeted, s.greeted.(libwebsocketd.Mover).Lift})
	}
	return all
}

// Lift implements libwebsocketd.Mover: see the law of an upgrade in doc.go.
func (s *supervisor) Lift(ctx context.Context) (all []libwebsocketd.Handed, settle func(taken bool), err error) {
	children := s.shut()
	standAll(ctx, children)
	var settles []func(bool)
	settle = func(taken bool) {
		s.handOver(taken)
		for _, f := range settles {
			f(taken)
		}
		s.open()
	}
	for _, p := range s.parts() {
		some, settleSome, err := p.lift(ctx)
		if err == nil {
			settles = append(settles, settleSome)
			all = append(all, some...)
			err = s.mark(all[len(all)-len(some):], p.of)
		}
		if err != nil {
			settle(false)
			libwebsocketd.CloseFiles(all)
			return nil, nil, err
		}
	}
	for key, e := range children {
		if e.stands {
			to, err := libwebsocketd.NewHanded(handed{Of: ofChild, Data: e.pass(key), Numbers: s.numbers.Load()})
			if err != nil {
				settle(false)
				libwebsocketd.CloseFiles(all)
				return nil, nil, err
			}
			all = append(all, to)
		}
	}
	return all, settle, nil
}

// mark says of whom it is what was handed over.
func (s *supervisor) mark(all []libwebsocketd.Handed, of whose) error {
	for i := range all {
		to, err := libwebsocketd.NewHanded(handed{of, all[i].Data, s.numbers.Load()})
		if err != nil {
			return err
		}
		all[i].Data = to.Data
	}
	return nil
}

// TakeOver implements libwebsocketd.Mover.
func (s *supervisor) TakeOver(from libwebsocketd.Handed) (begin func(), err error) {
	var v handed
	if err := from.Decode(&v); err != nil {
		return nil, err
	}
	s.numbers.Store(max(s.numbers.Load(), v.Numbers))
	from.Data = v.Data
	switch {
	case v.Of == ofSession:
		return s.sessions.TakeOver(from, s.bring)
	case v.Of == ofModern:
		return s.modern.(libwebsocketd.Mover).TakeOver(from)
	case v.Of == ofGreeted && s.greeted != nil:
		return s.greeted.(libwebsocketd.Mover).TakeOver(from)
	case v.Of == ofChild:
		return func() {}, s.bringEveryone(v.Data)
	}
	return nil, fmt.Errorf("what another server has handed over is %q, which this program has not (see --shared)", v.Of)
}

// pack returns what is handed over, as bytes.
func pack(v any) []byte {
	var b bytes.Buffer
	gob.NewEncoder(&b).Encode(v) // cannot fail: it is all bytes, numbers and texts
	return b.Bytes()
}

func unpack(data []byte, v any) error {
	return (&libwebsocketd.Handed{Data: data}).Decode(v)
}

// errUnanswered is why a session does not stand still in time.
var errUnanswered = errors.New("a request is not answered, and its client could not come back for the answer: try again later")
