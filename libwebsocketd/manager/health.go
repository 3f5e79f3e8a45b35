package manager

import (
	"context"
	"fmt"
	"time"

	"websocketd/libwebsocketd"
)

// firstInterval is the most time between two checks of a process that has not been healthy yet:
// others may wait for that.
const firstInterval = time.Second

// pulse is what the checks of one process have found so far.
type pulse struct {
	check    *Check
	first    time.Duration // from one check to the next before the first success
	health   Health
	failures int       // in a row
	counted  time.Time // when the last one was counted, at first when the checks began
}

// newPulse returns the pulse of a process that is checked from now on, first each so often.
func newPulse(c *Check, first time.Duration) *pulse {
	return &pulse{check: c, first: first, health: HealthUnknown, counted: time.Now()}
}

// beat notes how a check has ended, and returns what is known of the process now. Before the
// first success, checks come more often than each Interval, but failures are counted only as
// often: a process has the time of Retries intervals to become healthy.
func (p *pulse) beat(ok bool) Health {
	now := time.Now()
	switch {
	case ok:
		p.health, p.failures = HealthHealthy, 0
	case p.health == HealthUnknown && now.Sub(p.counted) < p.check.Interval:
	default:
		p.failures++
		p.counted = now
	}
	if p.failures >= p.check.Retries {
		p.health = HealthUnhealthy
	}
	return p.health
}

// pause returns how long to wait from the begin of one check to that of the next.
func (p *pulse) pause() time.Duration {
	if p.health == HealthUnknown {
		return p.first
	}
	return p.check.Interval
}

// follow checks at once, and again and again until ctx is done or tell returns false. tell gets
// what is known after each check.
func (p *pulse) follow(ctx context.Context, check func(context.Context) CheckResult, tell func(Health, CheckResult) bool) {
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-next.C:
		case <-ctx.Done():
			return
		}
		began := time.Now()
		result := check(ctx)
		if ctx.Err() != nil || !tell(p.beat(result.OK), result) {
			return
		}
		next.Reset(p.pause() - time.Since(began))
	}
}

// checker returns what checks the process once.
func (r *run) checker(c *Check) func(context.Context) CheckResult {
	return func(ctx context.Context) CheckResult {
		return c.run(ctx, r.service.runtime.Launch, r.port, r.environment())
	}
}

// followHealth checks the process until ctx is done, and fails it when it is unhealthy.
func (r *run) followHealth(ctx context.Context) {
	c := r.service.app.Health
	if c == nil {
		return
	}
	newPulse(c, min(c.Interval, firstInterval)).follow(ctx, r.checker(c), func(health Health, result CheckResult) bool {
		if !result.OK {
			r.service.say(libwebsocketd.LevelDebug, "UNHEALTHY", "pid", r.pid, "why", result.Why)
		}
		if r.tellHealth(health, result) && health == HealthUnhealthy {
			r.fail(EventHealthCheckFailed, fmt.Sprintf("its health check has failed %d times in a row: %s", c.Retries, result.Why))
			return false
		}
		return true
	})
}

// tellHealth tells what is known of the process if that is new. It reports false, and tells nothing,
// before it is told that the process is online, and when it is to end.
func (r *run) tellHealth(health Health, result CheckResult) bool {
	i := r.instance
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.run != r || !r.told || r.ended != "" || i.asked || i.life.ends() {
		return false
	}
	before := i.health
	if i.health = health; before == health {
		return true
	}
	i.manager.tell(Event{At: time.Now(), Info: i.infoLocked(), Health: &HealthChange{before, result}})
	i.manager.stir()
	return true
}
