package libwebsocketd

// Activity says whether a Server is needed.
type Activity struct {
	Connected int    // connections that Serve has accepted, and that are open
	Accepted  uint64 // how many there ever were
	Processes int    // that run for clients; not those that were started ahead, or that take no slot
}

// Activity returns what goes on now. It may be called at any time.
func (s *Server) Activity() (a Activity) {
	a.Connected, a.Accepted = s.conns.counts()
	a.Processes = s.slots.InUse()
	for _, p := range s.routes.Load().programs {
		a.Processes -= p.pool.Ready()
	}
	return a
}

// counts returns how many connections there are, and how many there ever were.
func (c *conns) counts() (now int, ever uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count, c.accepted
}
