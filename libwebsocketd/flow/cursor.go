package flow

import (
	"sync/atomic"
	"time"
)

// Cursor is the position of a viewer in the record.
type Cursor struct {
	of    *viewers    // its mu guards all but waits
	waits atomic.Bool // it asks for more: as far as is known, it has taken all it was given

	had   uint64                          // the last message it was given
	taken func() (count int64, rest bool) // see Watch; may be nil
	count int64                           // what taken returned at the last look; 0 before the first

	// Measured by look:
	still time.Duration // since it last took something of what it was given
	owed  time.Duration // since it last had taken all of it
}

// Watch sets the function that measures what the viewer takes. taken returns a count
// that grows when the viewer takes something, and whether there is something left to
// take. It may block for a moment. It may be called once more after Leave.
func (c *Cursor) Watch(taken func() (count int64, rest bool)) {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.taken = taken
}

// Wait records that the viewer asks for more: as far as is known, it has taken all it
// was given.
func (c *Cursor) Wait() { c.waits.Store(true) }

// Move records that the viewer is given all messages up to after. It searches for the
// slowest viewer only when the last one at the slowest position has moved.
func (c *Cursor) Move(after uint64) {
	now, v := time.Now(), c.of
	v.mu.Lock()
	defer v.mu.Unlock()
	before := c.had
	c.had, c.still = after, 0
	c.waits.Store(false)
	if v.holding && before > v.floor {
		return
	}
	if v.atFloor--; v.atFloor <= 0 {
		v.settle(now)
	}
}

// Leave removes the viewer: it is no longer waited for. It may be called repeatedly.
func (c *Cursor) Leave() {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if _, joined := c.of.cursors[c]; !joined {
		return
	}
	delete(c.of.cursors, c)
	c.of.settle(time.Now())
}

// seen holds what a look found out about a viewer.
type seen struct {
	cursor *Cursor
	had    uint64 // the last message it had been given at that time
	taken  func() (count int64, rest bool)
	count  int64
	rest   bool
}

// look measures which viewers take what they were given, at most once every
// LookInterval. A look that comes late counts as no more than LookInterval. The system
// is asked without the lock: meanwhile a viewer may be given more, or leave.
func (v *viewers) look(now time.Time) {
	if now.Sub(v.looked) < LookInterval {
		return
	}
	v.looked = now
	all, crowd := v.all()
	passed := time.Duration(float64(LookInterval) / crowd())
	for i := range all {
		if s := &all[i]; s.rest && s.taken != nil {
			s.count, s.rest = s.taken()
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, s := range all {
		s.cursor.apply(s, passed)
	}
}

// all returns the viewers as they are now, and the function that measures the crowd.
func (v *viewers) all() ([]seen, func() float64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := make([]seen, 0, len(v.cursors))
	for c := range v.cursors {
		all = append(all, seen{c, c.had, c.taken, c.count, !c.waits.Load()})
	}
	return all, v.crowd
}

// apply adds what a look found out about the viewer; c.of.mu is held.
func (c *Cursor) apply(s seen, passed time.Duration) {
	switch {
	case !s.rest:
		c.still, c.owed = 0, 0
	case s.count > c.count && c.count > 0:
		c.still, c.owed = 0, c.owed+passed
	default:
		c.still, c.owed = c.still+passed, c.owed+passed
	}
	c.count = s.count
	if c.had != s.had {
		c.still = 0 // it was given more since the look began
	}
}
