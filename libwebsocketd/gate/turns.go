package gate

import (
	"context"
	"net/http"
	"sync/atomic"
)

// Turns bound slow checks: how many go on at once, and how many wait for that.
type Turns struct {
	taken   chan struct{}
	waiting atomic.Int64
	most    int64
}

// NewTurns returns Turns of which atOnce may be taken, while so many more wait.
func NewTurns(atOnce, waiting int) *Turns {
	return &Turns{taken: make(chan struct{}, atOnce), most: int64(waiting)}
}

// Take waits for a turn, which the caller gives back by Done. It refuses if too many wait
// already, and when ctx is done.
func (t *Turns) Take(ctx context.Context) *Refusal {
	select {
	case t.taken <- struct{}{}:
		return nil
	default:
	}
	defer t.waiting.Add(-1)
	if t.waiting.Add(1) > t.most {
		return tooManyChecks
	}
	select {
	case t.taken <- struct{}{}:
		return nil
	case <-ctx.Done():
		return tooManyChecks
	}
}

// Done gives a turn back.
func (t *Turns) Done() { <-t.taken }

// tooManyChecks must not be changed.
var tooManyChecks = &Refusal{
	Status:     http.StatusServiceUnavailable,
	Kind:       KindUnchecked,
	Reason:     "too many credentials are being checked: try again later",
	RetryAfter: 1,
}
