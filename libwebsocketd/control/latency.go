package control

import "time"

// latencyBounds are those of the buckets: from what a write to a socket costs to how long a
// client may stall.
var latencyBounds = [...]time.Duration{
	10 * time.Microsecond, 25 * time.Microsecond, 50 * time.Microsecond, 100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 10 * time.Millisecond, 25 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 10 * time.Second,
}

// latency counts how long things took, in buckets, the last of which has no bound.
type latency struct {
	buckets [len(latencyBounds) + 1]uint64
	sum     float64 // seconds
}

// observe counts one.
func (l *latency) observe(took time.Duration) {
	i := 0
	for i < len(latencyBounds) && took > latencyBounds[i] {
		i++
	}
	l.buckets[i]++
	l.sum += took.Seconds()
}
