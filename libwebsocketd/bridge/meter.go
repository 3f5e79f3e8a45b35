package bridge

import "sync/atomic"

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
	Cause       error
}

// Meter counts what a conversation moves, and may be read meanwhile. The zero value is
// ready. It costs two atomic additions a batch.
type Meter struct {
	ToClient    Counter
	ToProgram   Counter
	Undelivered Counter
}

// Traffic returns the counts of a conversation that ended because of cause.
func (m *Meter) Traffic(cause error) Traffic {
	return Traffic{ToClient: m.ToClient.Tally(), ToProgram: m.ToProgram.Tally(), Undelivered: m.Undelivered.Tally(), Cause: cause}
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
