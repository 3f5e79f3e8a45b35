package flow

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/record"
)

const (
	kept = 10 // items of a record in these tests
	said = 60 // items that are appended
)

// read takes items one by one with a pause before each, and returns how it ended.
func read(log *record.Log[int], c *Cursor, pause time.Duration) error {
	defer c.Leave()
	r := log.From(0)
	for into := make([]record.Entry[int], 0, 1); ; {
		time.Sleep(pause)
		c.Wait()
		if _, err := r.Next(context.Background(), into); err != nil {
			return err
		}
		c.Move(r.After())
	}
}

// TestLaw runs the table of doc.go: which viewers are waited for, and for how long.
func TestLaw(t *testing.T) {
	type viewer struct {
		pause time.Duration
		lost  bool
	}
	for name, test := range map[string]struct {
		options Options
		viewers []viewer
		atMost  time.Duration // until all is appended
	}{
		"nobody":                    {Options{}, nil, 0},
		"all read":                  {Options{}, []viewer{{0, false}, {0, false}}, 0},
		"alone and slow":            {Options{}, []viewer{{4 * time.Second, false}}, said * 4 * time.Second},
		"alone and still":           {Options{}, []viewer{{time.Hour, true}}, MaxGrace + 2*LookInterval},
		"all slow":                  {Options{}, []viewer{{4 * time.Second, false}, {4 * time.Second, false}}, said * 4 * time.Second},
		"one still":                 {Options{}, []viewer{{0, false}, {time.Hour, true}}, Grace + 2*LookInterval},
		"one a little slow":         {Options{}, []viewer{{0, false}, {Grace / kept, false}}, said * Grace / kept},
		"one slower by much":        {Options{}, []viewer{{0, false}, {Grace, true}}, MaxGrace + kept*Grace},
		"one still, all waited for": {Options{Block: true}, []viewer{{0, false}, {10 * time.Second, false}}, said * 10 * time.Second},
		"one still, a busy machine": {Options{Crowd: func() float64 { return 2 }}, []viewer{{0, false}, {time.Hour, true}}, 2*Grace + 2*LookInterval},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := record.New[int](record.Limits{Bytes: kept})
				control := New(log, test.options)
				over := errors.New("over")
				var reading sync.WaitGroup
				for i, v := range test.viewers {
					c := control.Join(0)
					c.Watch(func() (int64, bool) { return 1, true })
					reading.Go(func() {
						gone := new(record.GoneError)
						err := read(log, c, v.pause)
						if lost := errors.As(err, &gone); lost != v.lost || !lost && err != over {
							t.Errorf("viewer %d: %v; it should be lost: %v", i, err, v.lost)
						}
					})
				}
				began := time.Now()
				for n := range said {
					if err := control.Append(n, 1, 1); err != nil {
						t.Fatal(err)
					}
				}
				if took := time.Since(began); took > test.atMost {
					t.Errorf("all is said after %s, at most %s was expected", took, test.atMost)
				}
				log.Close(over)
				reading.Wait()
			})
		})
	}
}

// TestStopBlocking ends what Options.Block has promised.
func TestStopBlocking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := record.New[int](record.Limits{Bytes: 1})
		control := New(log, Options{Block: true, Crowd: func() float64 { return 10 }})
		still := control.Join(0)
		defer still.Leave()
		control.Append(0, 1, 1)
		stop := time.AfterFunc(time.Hour, control.StopBlocking)
		defer stop.Stop()
		began := time.Now()
		control.Append(1, 1, 1)
		if took := time.Since(began); took < time.Hour || took > time.Hour+MaxGrace+2*LookInterval {
			t.Errorf("a viewer that stands still has held the end for %s", took)
		}
	})
}

// TestLeave: a viewer that leaves is waited for no more, and may leave again.
func TestLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		control := New(record.New[int](record.Limits{Bytes: 1}), Options{Block: true})
		still := control.Join(0)
		control.Append(0, 1, 1)
		leave := time.AfterFunc(time.Minute, still.Leave)
		defer leave.Stop()
		began := time.Now()
		control.Append(1, 1, 1)
		if took := time.Since(began); took != time.Minute {
			t.Errorf("it was waited for for %s", took)
		}
		still.Leave()
	})
}
