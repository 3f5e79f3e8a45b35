//go:build !unix

package terminal

// watch does nothing: no signal tells of a change.
func (c *screen) watch() {}

// suspend does nothing: there are no jobs.
func (c *screen) suspend() {}
