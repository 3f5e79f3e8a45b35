package after

import (
	"sync"
	"time"
)

// Every calls f in every interval, in a goroutine of its own that is there only then: of thousands of
// clients none costs a stack that waits for its time. The caller must call settle when that is no longer
// wanted: once it has returned, f is neither running nor will be called.
func Every(interval time.Duration, f func()) (settle func()) {
	r := &repeated{f: f, interval: interval}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.timer = time.AfterFunc(interval, r.call)
	return r.settle
}

// repeated is what Every calls.
type repeated struct {
	f        func()
	interval time.Duration
	busy     sync.WaitGroup

	mu    sync.Mutex
	timer *time.Timer
	over  bool
}

func (r *repeated) call() {
	if !r.begin() {
		return
	}
	defer r.busy.Done()
	r.f()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over {
		r.timer.Reset(r.interval)
	}
}

// begin reports whether f is to be called, and has settle wait for it then.
func (r *repeated) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over {
		r.busy.Add(1)
	}
	return !r.over
}

func (r *repeated) settle() {
	r.mu.Lock()
	r.over = true
	r.timer.Stop()
	r.mu.Unlock()
	r.busy.Wait()
}
