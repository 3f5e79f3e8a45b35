package upgrade

import (
	"sync"
	"syscall"
)

// Rest is what remains of a server that was replaced: it is the parent of processes, and the first
// server is what a service manager knows.
type Rest struct {
	keeper *keeper
	work   sync.WaitGroup
}

// Idle returns a channel that is closed when nothing of this server's processes is left.
func (r *Rest) Idle() <-chan struct{} { return r.keeper.idle }

// Ended returns a channel that is closed when the last server has ended, and this one's processes.
func (r *Rest) Ended() <-chan struct{} {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.work.Wait()
	}()
	return ended
}

// Server returns the pid of the server that takes requests now.
func (r *Rest) Server() int { return r.keeper.Server() }

// Signal sends a signal to that server.
func (r *Rest) Signal(sig syscall.Signal) { r.keeper.signal(sig) }

// Left notes that the last client of this server has left.
func (r *Rest) Left() {
	r.keeper.mu.Lock()
	defer r.keeper.mu.Unlock()
	r.keeper.left = true
}

// Status returns the status with which the last server has ended; ok is false if it was killed. It
// is called after Ended.
func (r *Rest) Status() (status int, ok bool) { return r.keeper.Status() }

// Leave ends the Rest of a server that is not the first: its processes have ended.
func (r *Rest) Leave() {
	r.keeper.link.Close()
	r.work.Wait()
}
