package manager

import (
	"context"
	"sync"
)

// start starts those instances that do not run, and waits until they are online.
func (s *service) start(ctx context.Context, of []*instance) error {
	begun := false
	for _, i := range of {
		begun = i.begin() || begun
	}
	if !begun {
		return failed("%s is already online", s.name)
	}
	return s.await(ctx, of)
}

// stop stops instances, the last one first, and waits until they are gone.
func (s *service) stop(ctx context.Context, of []*instance) error {
	for _, i := range of {
		i.halt()
	}
	return each(of, func(i *instance) error { return i.awaitEnd(ctx) })
}

// restart ends the processes of instances and starts others. It waits until they are online.
func (s *service) restart(ctx context.Context, of []*instance) error {
	for _, i := range of {
		if !i.again() {
			i.begin()
		}
	}
	return s.await(ctx, of)
}

// reload replaces the processes of instances one after the other, without a gap.
func (s *service) reload(ctx context.Context, of []*instance) error {
	for _, i := range of {
		if i.begin() {
			if err := i.awaitOnline(ctx); err != nil {
				return err
			}
			continue
		}
		if err := i.replace(ctx); err != nil {
			return err
		}
	}
	return nil
}

// scale changes how many instances there are.
func (s *service) scale(ctx context.Context, to int) error {
	if added := s.grow(to); len(added) > 0 {
		for _, i := range added {
			i.begin()
		}
		return s.await(ctx, added)
	}
	gone := s.shrink(to)
	for _, i := range gone {
		i.halt()
	}
	err := each(gone, func(i *instance) error { return i.awaitEnd(ctx) })
	s.manager.stir()
	return err
}

// await waits until instances are online.
func (s *service) await(ctx context.Context, of []*instance) error {
	return each(of, func(i *instance) error { return i.awaitOnline(ctx) })
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
