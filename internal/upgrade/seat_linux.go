package upgrade

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"websocketd/libwebsocketd/listen"
	"websocketd/libwebsocketd/process"
)

// variable is set in the environment of a new server: the descriptor of its socket.
const variable = "WSUPGRADE"

// Seat is the place of this process in a row of servers, each of which has replaced the one before.
// Only the first one has no parents.
type Seat struct {
	old   *conn   // to the server before, until it has said go; nil in the first server
	first *parent // the first server; nil in that one

	mu      sync.Mutex // held while the server ends or forgets parents
	parents []*parent  // of processes that this server looks after; the first server's first

	sockets  []*os.File // of the service manager, by their names there
	managed  bool       // the first server has a service manager
	watchdog time.Duration
}

// Enter returns the Seat of this process. In a server that is to replace another one it receives the
// offer: listeners, which package listen has from then on, and channels. It takes the socket's
// variable out of the environment.
func Enter() (*Seat, error) {
	text, is := os.LookupEnv(variable)
	if !is {
		return &Seat{}, nil
	}
	os.Unsetenv(variable)
	old, err := inheritedConn(text)
	if err != nil {
		return nil, fmt.Errorf("%s=%q, by which a server finds the one that it replaces, is from elsewhere: %w; unset it", variable, text, err)
	}
	s := &Seat{old: old}
	if err := s.receiveOffer(); err != nil {
		s.old.Close()
		return nil, fmt.Errorf("the offer of the old server: %w", err)
	}
	return s, nil
}

// inheritedConn returns the conn to the old server, of the number of its descriptor.
func inheritedConn(number string) (*conn, error) {
	fd, err := strconv.ParseUint(number, 10, 31)
	if err != nil {
		return nil, err
	}
	return newConn(os.NewFile(uintptr(fd), "upgrade"))
}

func (s *Seat) receiveOffer() error {
	for {
		m, err := s.old.receive()
		if err != nil {
			return err
		}
		switch m.Kind {
		case kindListener:
			listen.Inherit(m.Network, m.Text, m.files)
		case kindSocket:
			f, err := process.Renamed(m.files[0], m.Text)
			if err != nil {
				return err
			}
			s.sockets = append(s.sockets, f)
		case kindParent:
			l, err := newLink(m.files[0])
			if err != nil {
				return err
			}
			s.parents = append(s.parents, newParent(l))
		case kindOffered:
			if len(s.parents) == 0 {
				return errors.New("there is no parent in it")
			}
			s.first = s.parents[0]
			s.managed, s.watchdog = m.Text != "", time.Duration(m.Number)
			return nil
		}
	}
}

// prune forgets the parents that have ended, but for the first server.
func (s *Seat) prune() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var left []*parent
	for _, p := range s.parents {
		select {
		case <-p.over:
			if p != s.first {
				p.link.Close()
				continue
			}
		default:
		}
		left = append(left, p)
	}
	s.parents = left
}

// IsNew reports whether this process is to replace a server, which waits for it.
func (s *Seat) IsNew() bool { return s != nil && s.old != nil }

// IsFirst reports whether no server was before. It may be called on nil, as First may.
func (s *Seat) IsFirst() bool { return s == nil || s.first == nil }

// HasClients reports whether one of the servers before this one has clients still. It may be called on
// nil.
func (s *Seat) HasClients() bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	parents := slices.Clone(s.parents)
	s.mu.Unlock()
	return slices.ContainsFunc(parents, (*parent).hasClients)
}

// First returns a channel that is closed when the first server has ended: then this one ends too.
// It is nil in the first server.
func (s *Seat) First() <-chan struct{} {
	if s.IsFirst() {
		return nil
	}
	return s.first.lost
}

// Notify passes text for the service manager on to the first server, whose child this is in its
// eyes. It is not for the first server.
func (s *Seat) Notify(text string) error {
	return s.first.link.send(packet{Op: opNotify, Text: text})
}

// Managed reports whether the first server has a service manager, and within which time that wants
// to hear of this one; 0: it does not.
func (s *Seat) Managed() (is bool, watchdog time.Duration) { return s.managed, s.watchdog }

// Sockets returns the listeners of the service manager that this server goes on with. They are the
// caller's.
func (s *Seat) Sockets() []*os.File { return s.sockets }

// End tells all parents with which status this server ends. It is the last thing that a server
// does; one that another has replaced has nothing to tell.
func (s *Seat) End(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parents {
		p.mu.Lock()
		passed := p.passed
		p.mu.Unlock()
		if passed {
			continue
		}
		p.link.send(packet{Op: opStatus, Code: status})
		p.link.Close()
		<-p.over
	}
}

// Refuse tells the old server, if there is one, why this one cannot replace it. It may be called on nil.
func (s *Seat) Refuse(why error) {
	if s != nil && s.old != nil {
		s.old.send(&message{Kind: kindFailed, Text: why.Error()})
		s.old.Close()
	}
}
