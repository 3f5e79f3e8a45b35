package manager

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync/atomic"
)

// lineWatch waits for a line of output.
type lineWatch struct {
	pattern *regexp.Regexp
	seen    atomic.Bool
	found   chan struct{} // closed when a line matches
}

// newLineWatch returns what waits for a line that a regular expression matches.
func newLineWatch(expression string) *lineWatch {
	return &lineWatch{pattern: regexp.MustCompile(expression), found: make(chan struct{})}
}

// look looks at lines until one was found. Both streams may do that at once. There may be nothing to
// look for.
func (w *lineWatch) look(lines [][]byte) {
	if w == nil || w.seen.Load() {
		return
	}
	for _, line := range lines {
		if w.pattern.Match(line) && w.seen.CompareAndSwap(false, true) {
			close(w.found)
			return
		}
	}
}

// valid returns the first fault of r.
func (r *Ready) valid() error {
	ways := 0
	for _, set := range []bool{r.Check != nil, r.Line != "", r.Notify} {
		if set {
			ways++
		}
	}
	switch {
	case ways != 1:
		return errors.New("needs one of Check, Line and Notify")
	case r.Timeout < 0:
		return fmt.Errorf("has a negative Timeout: %v", r.Timeout)
	case r.Check != nil:
		return r.Check.valid()
	}
	if _, err := regexp.Compile(r.Line); err != nil {
		return fmt.Errorf("has a Line that is no regular expression: %w", err)
	}
	return nil
}

// prepareReady makes what tells that the process is ready, before it starts.
func (r *run) prepareReady() (err error) {
	ready := r.service.app.Ready
	switch {
	case ready == nil:
	case ready.Line != "":
		r.line = newLineWatch(ready.Line)
	case ready.Notify:
		r.notify, err = newNotifySocket(r.service.runtime.Program().User)
	}
	return err
}

// isReady reports whether the process is ready, also where nobody has heeded yet what says so.
func (r *run) isReady() bool {
	return isClosed(r.ready) || r.line != nil && r.line.seen.Load() || r.notify != nil && isClosed(r.notify.ready)
}

// awaitReady waits until the process is ready, and fails it when that takes too long. It returns
// false if it is not. One that was not heard because another server was about to go on with it has
// the time once more.
func (r *run) awaitReady(ctx context.Context) bool {
	ready := r.service.app.Ready
	if ready == nil || isClosed(r.ready) { // or it was, in another server
		return true
	}
	if ready.Notify && r.notify == nil { // nor can it say so: another server has started it with other settings
		return true
	}
	if ready.Notify {
		r.notify.serve(r.pid)
	}
	why := r.awaitSign(ctx, ready)
	if still := r.instance.fleet.standing(); why != "" && still != nil {
		select {
		case <-still:
			why = r.awaitSign(ctx, ready)
		case <-ctx.Done():
		}
	}
	if why == "" {
		return true
	}
	if ctx.Err() == nil {
		r.fail(EventCrashed, fmt.Sprintf("it was not ready within %v: %s", ready.Timeout, why))
	}
	return false
}

// awaitSign waits until something says that the process is ready. It returns why not if that takes too
// long.
func (r *run) awaitSign(ctx context.Context, ready *Ready) (why string) {
	ctx, cancel := context.WithTimeout(ctx, ready.Timeout)
	defer cancel()
	switch {
	case ready.Check != nil:
		return r.awaitCheck(ctx, ready.Check)
	case ready.Notify:
		if why = await(ctx, r.notify.ready, "READY=1 has not come to NOTIFY_SOCKET"); why != "" && r.notify.Status() != "" {
			why += "; its last STATUS is " + r.notify.Status()
		}
		return why
	}
	return await(ctx, r.line.found, "no line of its output matches "+ready.Line)
}

// await returns otherwise if ctx is done before the channel is closed. When both have happened, as
// after a time in which this server itself did not run, the process was not late.
func await(ctx context.Context, is <-chan struct{}, otherwise string) string {
	select {
	case <-is:
	case <-ctx.Done():
		if !isClosed(is) {
			return otherwise
		}
	}
	return ""
}

// awaitCheck checks the process until it is healthy. It returns what the last check has found if
// ctx is done before.
func (r *run) awaitCheck(ctx context.Context, c *Check) (why string) {
	why = "no check has ended"
	newPulse(c, c.Interval).follow(ctx, r.checker(c), func(_ Health, result CheckResult) bool {
		why = result.Why
		return !result.OK
	})
	return why
}
