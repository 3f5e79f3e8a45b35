package manager

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// fleet is what the services of one program have in common, from one Reload of the server to the
// next: its instances, and the turn of those who operate on them.
type fleet struct {
	turn  chan struct{} // full while an operation is done; at first it is that which begins the program
	known chan struct{} // closed when it is known which instances there are, and they are begun
	once  sync.Once     // closes known

	mu        sync.Mutex
	service   *service // the newest one
	instances []*instance
	gone      bool // the program is served no more: nothing of it is started
	stops     int  // how many wait for the turn to stop all of it: nothing is started until then

	due time.Time // when Every starts it again; the zero time: never, or that is not known yet

	still chan struct{} // not nil while another server may go on with it: no life gets a hub; closed when that is settled
}

// newFleet returns a fleet without instances, in the turn of whoever begins it.
func newFleet(s *service) *fleet {
	f := &fleet{turn: make(chan struct{}, 1), known: make(chan struct{}), service: s}
	f.turn <- struct{}{}
	return f
}

// take waits for the turn of an operation.
func (s *service) take(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return failed("another operation on %s has not ended yet", s.name)
	}
	if s.manager.handed.Load() {
		s.release()
		return errHanded(s.name)
	}
	return nil
}

func (s *service) release() { <-s.turn }

// complete says that it is known which instances there are.
func (f *fleet) complete() { f.once.Do(func() { close(f.known) }) }

// errHanded returns the error of an operation on a program that another server goes on with.
func errHanded(name string) error { return failed("a new server goes on with %s: ask again", name) }

// list returns the instances.
func (f *fleet) list() []*instance {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.instances)
}

// newest returns the service whose settings the next processes have.
func (f *fleet) newest() *service {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.service
}

// leave makes the fleet one of which nothing is started.
func (f *fleet) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone = true
}

// mayStart returns an error while nothing of the program is started.
func (f *fleet) mayStart() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.service.manager.handed.Load():
		return errHanded(f.service.name)
	case f.gone:
		return failed("%s is served no more", f.service.name)
	case f.stops > 0:
		return failed("%s is being stopped", f.service.name)
	}
	return nil
}

// bar keeps everything of the program from being started, until the function that it returns is
// called.
func (f *fleet) bar() (lift func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stops++
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.stops--
	}
}

// follow makes a service the newest one of the fleet.
func (f *fleet) follow(s *service) {
	f.mu.Lock()
	f.service = s
	all := slices.Clone(f.instances)
	f.mu.Unlock()
	for _, i := range all {
		i.adopt(s)
	}
}

// grow adds instances until there are that many, and returns the new ones.
func (f *fleet) grow(to int) (added []*instance) {
	f.mu.Lock()
	for n := len(f.instances); n < to; n++ {
		i := f.service.manager.newInstance(f.service, n)
		i.name = nameOf(f.service.name, n, to)
		f.instances, added = append(f.instances, i), append(added, i)
	}
	f.mu.Unlock()
	f.rename()
	return added
}

// shrink takes the last instances away until there are that many, and returns them. They keep
// their names.
func (f *fleet) shrink(to int) (gone []*instance) {
	f.mu.Lock()
	if to < len(f.instances) {
		gone = slices.Clone(f.instances[to:])
		f.instances = slices.Clone(f.instances[:to])
	}
	f.mu.Unlock()
	f.rename()
	return gone
}

// rename gives each instance the name that it has among as many as there are.
func (f *fleet) rename() {
	all := f.list()
	for _, i := range all {
		i.mu.Lock()
		i.name = nameOf(i.service.name, i.index, len(all))
		i.mu.Unlock()
	}
}

// nameOf returns the name of an instance, of as many as there are.
func nameOf(program string, index, of int) string {
	if of < 2 {
		return program
	}
	return fmt.Sprintf("%s-%d", program, index)
}
