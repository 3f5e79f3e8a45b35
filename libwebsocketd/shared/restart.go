package shared

import "time"

// RestartPolicy says which endings of a process another one follows.
type RestartPolicy string

// Which endings another process follows.
const (
	RestartNever     RestartPolicy = "never"      // none (default)
	RestartOnFailure RestartPolicy = "on-failure" // those with a status other than 0, or by a signal
	RestartAlways    RestartPolicy = "always"     // all
)

// Restart is the rule by which a process that has ended is started again,
// after a wait that grows with every bad run.
type Restart struct {
	Policy RestartPolicy

	First time.Duration // the wait after a bad run
	Most  time.Duration // which doubles up to this
	Good  time.Duration // a run of this length is a good one, and the next wait is First again

	wait time.Duration
}

// DefaultRestart is the rule of lifetime shared: 100 ms, doubled up to 30 s, and
// forgotten after a run of 10 s.
func DefaultRestart(policy RestartPolicy) Restart {
	return Restart{Policy: policy, First: 100 * time.Millisecond, Most: 30 * time.Second, Good: 10 * time.Second}
}

// Again is whether a process that ran that long is started again, and after which
// wait. One goroutine at a time may ask.
func (r *Restart) Again(success bool, ran time.Duration) (wait time.Duration, again bool) {
	if r.Policy != RestartAlways && (r.Policy != RestartOnFailure || success) {
		return 0, false
	}
	if ran >= r.Good {
		r.wait = 0
	}
	wait = max(r.wait, r.First)
	r.wait = min(2*wait, r.Most)
	return wait, true
}
