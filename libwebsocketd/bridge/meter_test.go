package bridge

import (
	"testing"
	"testing/synctest"
	"time"
)

// clocked is a program that has a batch each so often, and a client that takes a while for
// each.
type clocked struct {
	*fake
	batches     int
	every, take time.Duration
}

func (c *clocked) Receive() ([]Message, error) {
	if c.batches--; c.batches < 0 {
		return nil, &EndedError{}
	}
	time.Sleep(c.every)
	return say("x"), nil
}

func (c *clocked) Send([]Message) error {
	time.Sleep(c.take)
	return nil
}

// TestTook: what is reported is how long the client took, for at most one batch in 100 ms,
// and for every one of a program that writes seldom. Of a busy one, batches are not skipped
// for much longer.
func TestTook(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		batches     int
		every, take time.Duration
		least, most int
	}{
		{10, time.Second, 7 * time.Millisecond, 10, 10},
		{1000, time.Millisecond, time.Millisecond, 8, 20},
		{100_000, 10 * time.Microsecond, 0, 8, 10},
	} {
		synctest.Test(t, func(t *testing.T) {
			program, client, _ := newFakes()
			var took []time.Duration
			m := Meter{Took: func(d time.Duration) { took = append(took, d) }}
			sendToClient(&clocked{fake: client, take: test.take}, &clocked{fake: program, batches: test.batches, every: test.every}, &m)
			if len(took) < test.least || len(took) > test.most {
				t.Errorf("%+v: %d were measured", test, len(took))
			}
			for _, d := range took {
				if d != test.take {
					t.Errorf("%+v: %v were measured", test, d)
				}
			}
		})
	}
}

// TestTookOfDeliveries: what a Broadcast's client takes is measured as well; what it does
// not take is not.
func TestTookOfDeliveries(t *testing.T) {
	t.Parallel()
	for takes, want := range []int{0, 1} {
		_, c := chunkOf(Text, 1)
		program, client, _ := newFakes()
		many := &broadcaster{fake: program, deliveries: [][]Delivery{{{Chunk: c, First: 1}}}}
		measured := 0
		m := Meter{Took: func(time.Duration) { measured++ }}
		sendToClient(&listener{client, takes}, many, &m)
		if measured != want {
			t.Errorf("of a client that takes %d, %d were measured", takes, measured)
		}
	}
}
