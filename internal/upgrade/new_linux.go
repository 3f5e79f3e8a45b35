package upgrade

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"os"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/session"
)

// errOldGoesOn is the error of a new server that the old one did not wait for.
var errOldGoesOn = errors.New("the old server goes on")

// TakeOver tells the old server that this one is ready, and takes everything over from it. When it
// returns without an error, this process is the server, and everything goes on. After an error it
// has to end. Signals that the servers before have got for this one come to relay, which must not wait.
func (s *Seat) TakeOver(server Server, sessions *session.Registry, relay func(Relayed)) error {
	defer func() {
		s.old.Close()
		s.old = nil
	}()
	if err := s.old.send(&message{Kind: kindReady}); err != nil {
		return errOldGoesOn
	}
	begins, err := s.receiveAll(server, sessions)
	if err != nil {
		s.old.send(&message{Kind: kindFailed, Text: err.Error()})
		return err
	}
	if s.old.send(&message{Kind: kindTaken}) != nil {
		return errOldGoesOn
	}
	if m, err := s.old.receive(); err != nil || m.Kind != kindGo {
		return errOldGoesOn
	}
	for _, p := range s.parents {
		p.tell = relay
		go p.listen()
		p.link.send(packet{Op: opServer, Pid: os.Getpid(), Hears: true})
	}
	for _, begin := range begins {
		begin()
	}
	for _, p := range s.parents {
		p.link.send(packet{Op: opKept})
	}
	return nil
}

// receiveAll receives what is handed over. What cannot be understood fails the upgrade: a process
// must not be lost because two versions do not go together.
func (s *Seat) receiveAll(server Server, sessions *session.Registry) (begins []func(), err error) {
	for {
		m, err := s.old.receive()
		if err != nil {
			return nil, fmt.Errorf("what the old server hands over: %w", err)
		}
		switch m.Kind {
		case kindAll:
			return begins, nil
		case kindPromises:
			var p session.Promises
			if err := gob.NewDecoder(bytes.NewReader(m.Data)).Decode(&p); err != nil {
				return nil, fmt.Errorf("the sessions that the old server has promised: %w", err)
			}
			sessions.Keep(p)
		case kindChannel:
			if err := server.TakeOverChannel(m.Data); err != nil {
				return nil, err
			}
		case kindHanded:
			if m.Parent < 0 || m.Parent >= len(s.parents) {
				return nil, fmt.Errorf("process %d has no parent", m.Number)
			}
			begin, err := server.TakeOver(libwebsocketd.Handed{Path: m.Text, Data: m.Data, Files: m.files, Pid: m.Number, Parent: s.parents[m.Parent]})
			if err != nil {
				return nil, err
			}
			begins = append(begins, begin)
		}
	}
}
