package shared

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/flow"
	"websocketd/libwebsocketd/process"
)

// piece is a message, ten of which fill the history of these tests.
var piece = texts(strings.Repeat("x", 1000))

const tenPieces = 10 * (1000 + 4 + overhead)

const tooSlow = "closed with 1013: too slow: what comes next is no longer kept (see --history and --slowclient)"

// flood has p say n messages, as fast as they are taken, and returns when the last
// one is.
func flood(p *fakeProgram, n int) {
	for range n {
		p.says <- piece
	}
}

// drink takes what comes up to message last, with a pause before each call. It
// returns whatever else it was sent, and complains when something is missing.
func drink(s *Subscription, last uint64, pause time.Duration) (told string) {
	for after := uint64(0); after < last; {
		time.Sleep(pause)
		deliveries, err := s.Deliveries()
		if err != nil {
			return told + err.Error()
		}
		for _, d := range deliveries {
			switch {
			case d.Note != nil:
				told += d.Note.String()
				after = d.First - 1
			case d.First != after+1:
				return fmt.Sprintf("%s%d follows %d", told, d.First, after)
			default:
				after = d.First
			}
		}
	}
	return told
}

// TestRestartAndFullHistory: a viewer has read all of a process, and stands still while the next one
// fills the history. It is told of the restart before it gets what that one has said.
func TestRestartAndFullHistory(t *testing.T) {
	for strict, want := range map[bool]string{
		false: "[websocketd: restarted after exit status 0]",
		true:  "closed with 1012: restarted after exit status 0",
	} {
		t.Run(fmt.Sprint(strict), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := newStage(t, Lifetime{Restart: RestartAlways, SlowClient: SlowBlock, History: tenPieces}, strict)
				still := s.viewer("/")
				s.run()
				flood(p, 1)
				drink(still, 1, 0)
				p.end(process.Ending{})
				flood(<-s.programs, 10)
				synctest.Wait()
				if told := drink(still, 2, 0); told != want {
					t.Errorf("it was told %q", told)
				}
			})
		})
	}
}

// TestSlow: one viewer stands still for a minute while the process says much more
// than is kept, and two others read.
func TestSlow(t *testing.T) {
	const messages = 1000
	for _, test := range []struct {
		policy SlowClient
		strict bool
		query  string
		told   string        // to the viewer that stood still
		held   time.Duration // the others by it
	}{
		{SlowClose, false, "", tooSlow, flow.Grace},
		{SlowDrop, false, "", "[websocketd: 990 messages dropped]", flow.Grace},
		{SlowDrop, true, "", tooSlow, flow.Grace},
		{SlowDrop, false, "&notes=no", tooSlow, flow.Grace},
		{SlowBlock, false, "&notes=no", "", time.Minute},
	} {
		t.Run(fmt.Sprint(test.policy, test.strict, test.query), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := newStage(t, Lifetime{SlowClient: test.policy, History: tenPieces}, test.strict)
				still, others := s.viewer("/?after=0"+test.query), []*Subscription{s.viewer("/"), s.viewer("/")}
				s.run()
				began := time.Now()
				var all sync.WaitGroup
				for _, other := range others {
					all.Go(func() {
						if told := drink(other, messages, 0); told != "" {
							t.Error(told)
						}
						if took := time.Since(began); took < test.held || took > test.held+flow.LookInterval {
							t.Errorf("another one was held up for %s", took)
						}
					})
				}
				all.Go(func() {
					time.Sleep(time.Minute)
					if told := drink(still, messages, 0); told != test.told {
						t.Errorf("it was told %q, want %q", told, test.told)
					}
				})
				flood(p, messages)
				all.Wait()
				p.end(process.Ending{})
				<-s.done
			})
		})
	}
}

// TestManyStandStill: viewers that stand still, each at another message, hold the
// others no longer than one does.
func TestManyStandStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const messages, many = 100, 5
		s, p := newStage(t, Lifetime{History: tenPieces}, false)
		reader := s.viewer("/")
		s.run()
		var reading sync.WaitGroup
		reading.Go(func() {
			if told := drink(reader, messages, 0); told != "" {
				t.Error(told)
			}
		})
		for n := range many {
			flood(p, 1)
			time.Sleep(time.Millisecond)
			s.viewer(fmt.Sprint("/?after=", n+1))
		}
		began := time.Now()
		flood(p, messages-many)
		reading.Wait()
		if took := time.Since(began); took < flow.Grace || took > flow.Grace+flow.LookInterval {
			t.Errorf("the one who reads was held up for %s", took)
		}
		p.end(process.Ending{})
		<-s.done
	})
}

// TestSlower: viewers of different speeds. One that takes something every second may
// need five for what is kept, others one. A viewer alone is never too slow, but one
// that takes nothing at all is.
func TestSlower(t *testing.T) {
	for _, test := range []struct {
		name    string
		history int             // in ten pieces
		pauses  []time.Duration // between calls, each of up to four messages
		told    []string
	}{
		{"alone and slow", 1, []time.Duration{3 * time.Second}, []string{""}},
		{"alone and still", 1, []time.Duration{time.Minute}, []string{tooSlow}},
		{"two, a little slow", 1, []time.Duration{0, 200 * time.Millisecond}, []string{"", ""}},
		{"two, one slow", 1, []time.Duration{0, 900 * time.Millisecond}, []string{"", ""}},
		{"two, one too slow for that much", 4, []time.Duration{0, 900 * time.Millisecond}, []string{"", tooSlow}},
		{"two, one too slow", 1, []time.Duration{0, 2 * time.Second}, []string{"", tooSlow}},
		{"two, equally slow", 1, []time.Duration{3 * time.Second, 3 * time.Second}, []string{"", ""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const messages = 200
				s, p := newStage(t, Lifetime{History: test.history * tenPieces}, false)
				var all sync.WaitGroup
				for i, pause := range test.pauses {
					sub := s.viewer("/?after=0")
					all.Go(func() {
						if told := drink(sub, messages, pause); told != test.told[i] {
							t.Errorf("viewer %d was told %q, want %q", i, told, test.told[i])
						}
					})
				}
				s.run()
				flood(p, messages)
				all.Wait()
				p.end(process.Ending{})
				<-s.done
			})
		})
	}
}

// TestTaking: a viewer that is given more than it can take in a second is not taken
// for one that stands still.
func TestTaking(t *testing.T) {
	for _, takes := range []bool{true, false} {
		t.Run(fmt.Sprint(takes), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const messages = 100
				s, p := newStage(t, Lifetime{History: tenPieces}, false)
				slow, quick := s.viewer("/?after=0"), s.viewer("/?after=0")
				began := time.Now()
				slow.Watch(func() (int64, bool) {
					if !takes {
						return 0, true
					}
					return int64(time.Since(began)), true
				})
				s.run()
				var all sync.WaitGroup
				all.Go(func() {
					if told := drink(quick, messages, 0); told != "" {
						t.Error(told)
					}
				})
				all.Go(func() {
					told := drink(slow, messages, 1500*time.Millisecond)
					if takes && told != "" || !takes && told != tooSlow {
						t.Errorf("the slow one was told %q", told)
					}
				})
				flood(p, messages)
				all.Wait()
				p.end(process.Ending{})
				<-s.done
			})
		})
	}
}

// TestMemory: what is kept is bounded by History, whoever listens.
func TestMemory(t *testing.T) {
	t.Parallel()
	s, p := newStage(t, Lifetime{Start: StartEager, History: tenPieces}, false)
	s.run()
	flood(p, 1000)
	p.end(process.Ending{})
	<-s.done
	if first, last := s.output.Kept(); last != 1000 || first != 991 {
		t.Errorf("kept are %d to %d", first, last)
	}
}

// TestLateIsNotSlow: a viewer that has taken everything it was given is not slow,
// however long we take to come to it while others wait.
func TestLateIsNotSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const messages = 100
		s, p := newStage(t, Lifetime{History: tenPieces}, false)
		late, quick := s.viewer("/?after=0"), s.viewer("/?after=0")
		late.Watch(func() (int64, bool) { return 7, false })
		s.run()
		var all sync.WaitGroup
		for sub, pause := range map[*Subscription]time.Duration{late: 10 * time.Second, quick: 0} {
			all.Go(func() {
				if told := drink(sub, messages, pause); told != "" {
					t.Errorf("with a pause of %s one was told %q", pause, told)
				}
			})
		}
		flood(p, messages)
		all.Wait()
		p.end(process.Ending{})
		<-s.done
	})
}

// TestToldAll: nothing more is kept for a viewer that has got its final error, even if it
// has not left yet. Not even SlowBlock waits for it.
func TestToldAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t, Lifetime{SlowClient: SlowBlock, Restart: RestartAlways, History: tenPieces}, true)
		told := s.viewer("/")
		s.run()
		flood(p, 1)
		expect(t, told, "1:"+strings.Repeat("x", 1000))
		p.end(process.Ending{Code: 3})
		expect(t, told, "error: closed with 1012: restarted after exit status 3")
		forgiven := time.AfterFunc(time.Hour, s.goAway)
		began := time.Now()
		flood(<-s.programs, 100)
		if took := time.Since(began); took > 0 {
			t.Errorf("a viewer that gets no more has held the program for %s", took)
		}
		forgiven.Stop()
	})
}
