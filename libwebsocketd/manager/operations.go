package manager

import (
	"context"
	"errors"
	"sync"

	"websocketd/libwebsocketd"
)

// start starts those instances that do not run, and waits until they are online.
func (s *service) start(ctx context.Context, of []*instance) error {
	begun := false
	for _, i := range of {
		if err := i.awaitLeaving(ctx); err != nil {
			return err
		}
		begun = i.begin() || begun
	}
	if !begun && len(of) > 0 {
		return s.notBegun(of[0])
	}
	return s.await(ctx, of)
}

// notBegun returns why an instance could not be started.
func (s *service) notBegun(i *instance) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch err := i.fleet.mayStart(); {
	case err != nil:
		return err
	case i.stops > 0:
		return failed("%s is being stopped", i.name)
	case i.isUpLocked():
		return failed("%s is already %s", s.name, i.status)
	}
	return failed("the server is going away")
}

// stop stops instances, and waits until they are gone.
func (s *service) stop(ctx context.Context, of []*instance) error {
	for _, i := range of {
		i.halt()
	}
	return each(of, func(i *instance) error { return i.awaitEnd(ctx) })
}

// restart ends the processes of instances and starts others. It waits until they are online.
func (s *service) restart(ctx context.Context, of []*instance) error {
	for _, i := range of {
		if err := i.revive(ctx); err != nil {
			return err
		}
	}
	return s.await(ctx, of)
}

// reload replaces the processes of instances one after the other, without a gap.
func (s *service) reload(ctx context.Context, of []*instance) error {
	for _, i := range of {
		if err := i.reload(ctx, s); err != nil {
			return err
		}
		if err := i.awaitOnline(ctx); err != nil {
			return err
		}
	}
	return nil
}

// scale changes how many instances there are.
func (s *service) scale(ctx context.Context, to int) error {
	added, err := s.resize(ctx, to, true)
	if err != nil {
		return err
	}
	return s.await(ctx, added)
}

// resize does what scale does, but waits only for those that are to go. It returns new instances,
// which are started if that is wanted.
func (s *service) resize(ctx context.Context, to int, start bool) (added []*instance, err error) {
	added = s.grow(to)
	for _, i := range added {
		if start && !i.begin() {
			return nil, s.notBegun(i)
		}
	}
	s.complete()
	gone := s.shrink(to)
	for _, i := range gone {
		i.halt()
	}
	err = each(gone, func(i *instance) error { return i.awaitEnd(ctx) })
	s.manager.stir()
	return added, err
}

// await waits until instances are online, or one of them will not be.
func (s *service) await(ctx context.Context, of []*instance) error {
	ctx, enough := context.WithCancelCause(ctx)
	defer enough(nil)
	err := each(of, func(i *instance) error {
		err := i.awaitOnline(ctx)
		if err != nil {
			enough(err) // the first one: it is the cause
		}
		return err
	})
	if first := new(Error); errors.As(context.Cause(ctx), &first) {
		return first
	}
	return err
}

// revive makes another process of the instance follow at once, or begins it if it does not live.
func (i *instance) revive(ctx context.Context) error {
	if i.again() {
		return nil
	}
	if err := i.awaitLeaving(ctx); err != nil {
		return err
	}
	if !i.begin() {
		return i.fleet.newest().notBegun(i)
	}
	return nil
}

// reload puts another process in the place of the one that runs, with the settings of s. Where none
// runs, or where its viewers cannot stay with those settings, one is started; it does not wait until
// that is online.
func (i *instance) reload(ctx context.Context, s *service) error {
	i.mu.Lock()
	l := i.life
	lives := i.isUpLocked() && !l.ends() && l.hub != nil
	stays := lives && s.fits(l.service)
	runs := i.run != nil && !i.asked // else another one follows already
	if lives && !stays {
		i.renews = true
		l.goAway(renewed)
		i.haltLocked()
	}
	i.mu.Unlock()
	switch {
	case lives && !stays:
		return i.renew(ctx)
	case stays && runs:
		return i.replace(ctx, l)
	}
	return i.revive(ctx)
}

// renewed is what viewers are told whose hub does not suit the settings any more: another one follows.
var renewed = &libwebsocketd.CloseWith{Code: libwebsocketd.CloseServiceRestart, Reason: "the program is started again with other settings: come back"}

// renew has another life follow one that ends for that, whether or not anybody waits for it: else a
// program that was to be reloaded would stay stopped. Clients wait meanwhile.
func (i *instance) renew(ctx context.Context) error {
	err := i.revive(context.WithoutCancel(ctx))
	i.mu.Lock()
	defer i.mu.Unlock()
	i.renews = false
	i.manager.stir() // also where there is none, because it was stopped meanwhile
	return err
}

// each calls f for all instances at once, and returns the first one's error.
func each(of []*instance, f func(*instance) error) error {
	errs := make([]error, len(of))
	var all sync.WaitGroup
	for n, i := range of {
		all.Go(func() { errs[n] = f(i) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
