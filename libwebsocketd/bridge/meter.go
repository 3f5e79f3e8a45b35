package bridge

import (
	"sync/atomic"
	"time"
)

// Tally counts what moved in one direction.
type Tally struct{ Messages, Bytes int64 }

func (t *Tally) add(batch []Message) {
	for _, m := range batch {
		if m.Kind == Preface {
			continue
		}
		if !m.More && m.Kind != Verbatim {
			t.Messages++
		}
		t.Bytes += int64(len(m.Data))
	}
}

// Traffic is what a conversation moved, and why it ended.
type Traffic struct {
	ToClient    Tally
	ToProgram   Tally
	Undelivered Tally // printed by the program after the client was gone
	Missed      int64 // messages of a Broadcast that were dropped before this client could get them
	Cause       error
}

// Meter counts what a conversation moves, and may be read meanwhile. The zero value is
// ready. It costs two atomic additions a batch.
type Meter struct {
	ToClient    Counter
	ToProgram   Counter
	Undelivered Counter
	Missed      atomic.Int64

	// Took is called now and then with how long the client took for a batch: from when it
	// was read from the program until Send or Deliver returned. It is called by the goroutine
	// that moves the output, at most ten times a second, and must not block. nil: nothing is
	// measured.
	Took func(time.Duration)
	sampler
}

// Traffic returns the counts of a conversation that ended because of cause.
func (m *Meter) Traffic(cause error) Traffic {
	return Traffic{ToClient: m.ToClient.Tally(), ToProgram: m.ToProgram.Tally(), Undelivered: m.Undelivered.Tally(), Missed: m.Missed.Load(), Cause: cause}
}

// begin returns when a batch was received, if its way to the client is to be measured;
// else the zero time.
func (m *Meter) begin() (received time.Time) {
	if m.Took == nil {
		return time.Time{}
	}
	return m.next()
}

// end reports how long the client took for a batch, if that is measured.
func (m *Meter) end(received time.Time) {
	if !received.IsZero() {
		m.Took(time.Since(received))
	}
}

const (
	// sampleEvery is the shortest time between two batches that are measured.
	sampleEvery = 100 * time.Millisecond
	// mostSkipped is how many batches go by, at most, without a look at the clock: where a
	// look costs as much as a twentieth of a batch, one for each would be felt.
	mostSkipped = 63
)

// sampler chooses which batches are measured. Only one goroutine uses it.
type sampler struct {
	last  time.Time // when one was chosen
	pause int       // how many batches go by before the next look at the clock
	left  int       // of them
}

// next returns the time if the next batch is to be measured, else the zero time. After a
// look that came too early it looks less often, after one in time more often.
func (s *sampler) next() time.Time {
	if s.left > 0 {
		s.left--
		return time.Time{}
	}
	now := time.Now()
	if early := now.Sub(s.last) < sampleEvery; early {
		s.pause = min(2*s.pause+1, mostSkipped)
		s.left = s.pause
		return time.Time{}
	}
	s.pause /= 2
	s.left, s.last = s.pause, now
	return now
}

// Counter is a Tally that grows.
type Counter struct{ messages, bytes atomic.Int64 }

func (c *Counter) add(batch []Message) {
	var t Tally
	t.add(batch)
	c.addTally(t)
}

func (c *Counter) addTally(t Tally) {
	c.messages.Add(t.Messages)
	c.bytes.Add(t.Bytes)
}

// Tally returns the count so far.
func (c *Counter) Tally() Tally { return Tally{Messages: c.messages.Load(), Bytes: c.bytes.Load()} }
