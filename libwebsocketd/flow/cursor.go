package flow

import (
	"sync/atomic"
	"time"
)

// Cursor is how far a viewer has got.
type Cursor struct {
	of    *viewers    // its mu guards all but waits
	waits atomic.Bool // for more: what it was given is taken, as far as we know

	had   uint64                          // the last message it was given
	taken func() (count int64, rest bool) // of what it was given; may be nil
	count int64                           // as it was at the last look; 0 before the first

	// As far as it was looked at:
	still time.Duration // it takes nothing of what it was given
	owed  time.Duration // it has not taken all of it at any time
}

// Watch tells how to find out whether the viewer takes something: a count that grows
// when it does, and whether there is something left to take. taken may block for a moment,
// and may be called once more after Leave.
func (c *Cursor) Watch(taken func() (count int64, rest bool)) {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.taken = taken
}

// Wait says that the viewer asks for more: it has taken what it was given, as far as
// that can be known.
func (c *Cursor) Wait() { c.waits.Store(true) }

// Move says that the viewer is given all messages up to after. Only the last of the
// slowest pays for finding out which is the slowest then.
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

// Leave ends it: nobody waits for the viewer any more. It may be called repeatedly.
func (c *Cursor) Leave() {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if _, joined := c.of.cursors[c]; !joined {
		return
	}
	delete(c.of.cursors, c)
	c.of.settle(time.Now())
}

// seen is what a look has found out about a viewer.
type seen struct {
	cursor *Cursor
	had    uint64 // what it had been given then
	taken  func() (count int64, rest bool)
	count  int64
	rest   bool
}

// look finds out which viewers take what they were given, once every LookInterval. That
// it comes late does not count. The system is asked without the lock: a viewer may be
// given more at that time, or leave.
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

// all returns the viewers as they are now.
func (v *viewers) all() ([]seen, func() float64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := make([]seen, 0, len(v.cursors))
	for c := range v.cursors {
		all = append(all, seen{c, c.had, c.taken, c.count, !c.waits.Load()})
	}
	return all, v.crowd
}

// apply keeps in mind what was seen of a viewer; v.mu is held.
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
		c.still = 0 // it was given more meanwhile
	}
}
