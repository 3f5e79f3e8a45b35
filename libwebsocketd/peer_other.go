//go:build !linux

package libwebsocketd

import "time"

// acknowledged is a count that grows when the client's system takes more of what
// was sent to it; here, what our own system took.
func (c *conn) acknowledged() int64 { return c.out.Load() }

// unsent cannot be known here.
func (c *conn) unsent() int { return 0 }

// owed cannot be known here either.
func (c *conn) owed() bool { return true }

// boundUnsent leaves it to the system here.
func (c *conn) boundUnsent() {}

// canLook says that hungUp cannot tell.
const canLook = false

// hungUp cannot look without reading here; a failed write tells instead.
func (c *conn) hungUp() (gone, leaving bool) { return false, false }

// sinceReceived cannot be known here.
func (c *conn) sinceReceived() time.Duration { return 0 }

// hasUnread cannot look without reading here.
func (c *conn) hasUnread() bool { return false }
