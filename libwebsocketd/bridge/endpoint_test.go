package bridge

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"websocketd/libwebsocketd/internal/exit"
	"websocketd/libwebsocketd/internal/testkit"
)

var (
	errKilled = errors.New("killed")
	errGone   = errors.New("gone")
	errQuiet  = errors.New("silent")
	errCut    = &BrokenError{Reason: "output ended inside a message"}
	errExit3  = &EndedError{Ending: exit.Ending{Code: 3}}
)

// conversation pipes two fakes and hands back what became of it, once script is
// over. Both Receives must be over by then.
func conversation(t *testing.T, program, client *fake, script func()) Traffic {
	t.Helper()
	result := make(chan Traffic, 1)
	go func() { result <- Pipe(program, client) }()
	script()
	var traffic Traffic
	testkit.Within(t, testkit.Patience, "the conversation ends", func() { traffic = <-result })
	for _, f := range []*fake{program, client} {
		if n := f.inReceive.Load(); n != 0 {
			t.Errorf("the %s is still being received", f.name)
		}
		if f.closes.Load() == 0 {
			t.Errorf("the %s is not closed", f.name)
		}
	}
	return traffic
}

func expect(t *testing.T, j *journal, want ...string) {
	t.Helper()
	if got := j.all(); !slices.Equal(got, want) {
		t.Errorf("it went\n\t%s\nand not\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func expectTally(t *testing.T, what string, got Tally, messages, bytes int64) {
	t.Helper()
	if want := (Tally{messages, bytes}); got != want {
		t.Errorf("%s: %+v, want %+v", what, got, want)
	}
}

// TestProgramEnds: the output is delivered, then the client gets its close, then the
// group is gone, then the connection is closed.
func TestProgramEnds(t *testing.T) {
	t.Parallel()
	program, client, j := newFakes()
	traffic := conversation(t, program, client, func() {
		program.says <- say("a", "b")
		client.says <- say("in")
		testkit.Eventually(t, "the program takes it", func() bool { return j.has("program takes in") })
		program.says <- say("c")
		program.end(errExit3)
	})
	// The client's message may come anywhere among the program's.
	lines := slices.DeleteFunc(j.all(), func(l string) bool { return l == "program takes in" })
	expect(t, &journal{lines: lines},
		"client takes a+b", "client takes c", "client is told: exit status 3", "program is closed", "client is closed")
	if traffic.Cause != error(errExit3) {
		t.Errorf("the cause is %v", traffic.Cause)
	}
	expectTally(t, "to the client", traffic.ToClient, 3, 3)
	expectTally(t, "to the program", traffic.ToProgram, 1, 2)
	expectTally(t, "undelivered", traffic.Undelivered, 0, 0)
}

// TestProgramIsDeaf: what it does not take is read and dropped; its output goes
// on, and so does the watch for the client's end.
func TestProgramIsDeaf(t *testing.T) {
	t.Parallel()
	program, client, j := newFakes()
	var asked atomic.Int32
	program.takes = func() error {
		if asked.Add(1) > 1 {
			return syscall.EPIPE
		}
		return nil
	}
	traffic := conversation(t, program, client, func() {
		for _, word := range []string{"1", "2", "3", "4"} {
			client.says <- say(word)
		}
		program.says <- say("late")
		testkit.Eventually(t, "late words arrive", func() bool { return j.has("client takes late") })
		client.says <- say("5") // still read: a pong would come here
		program.end(errExit3)
	})
	if n := asked.Load(); n != 2 {
		t.Errorf("the deaf program was spoken to %d times, want 2", n)
	}
	expectTally(t, "to the program", traffic.ToProgram, 1, 1)
	expectTally(t, "to the client", traffic.ToClient, 1, 4)
	expect(t, j, "program takes 1", "program does not take 2", "client takes late",
		"client is told: exit status 3", "program is closed", "client is closed")
}

// TestProgramRefuses: a client whose message the framing cannot carry is refused at once;
// from then on it is as if it had left.
func TestProgramRefuses(t *testing.T) {
	t.Parallel()
	program, client, j := newFakes()
	refusal := &RefusedError{Code: ClosePolicyViolation, Reason: "no"}
	program.takes = func() error { return refusal }
	client.takes = func() error {
		if client.ctx.Err() != nil {
			return errGone
		}
		return nil
	}
	traffic := conversation(t, program, client, func() {
		program.says <- say("hello")
		testkit.Eventually(t, "it is heard", func() bool { return j.has("client takes hello") })
		client.onTold = func(cause error) { client.cancel(cause) }
		client.says <- say("bad")
	})
	if traffic.Cause != error(refusal) {
		t.Errorf("the cause is %v", traffic.Cause)
	}
	expectTally(t, "to the program", traffic.ToProgram, 0, 0)
	expect(t, j, "client takes hello", "program does not take bad", "client is told: closed with 1008: no",
		"program is closed", "client is told: closed with 1008: no", "client is closed")
}

// TestOutputBreaks: what was whole is delivered, then the client gets the reason, then
// the program is ended.
func TestOutputBreaks(t *testing.T) {
	t.Parallel()
	program, client, j := newFakes()
	traffic := conversation(t, program, client, func() {
		program.says <- say("whole")
		program.end(errCut)
	})
	if traffic.Cause != error(errCut) {
		t.Errorf("the cause is %v", traffic.Cause)
	}
	expect(t, j, "client takes whole", "client is told: output ended inside a message", "program is closed", "client is closed")
}

// TestDeafProgramClientLeaves: dropping what the client says must not hide its end.
func TestDeafProgramClientLeaves(t *testing.T) {
	t.Parallel()
	program, client, _ := newFakes()
	program.takes = func() error { return syscall.EPIPE }
	traffic := conversation(t, program, client, func() {
		client.says <- say("1")
		client.says <- say("2")
		client.leave(errGone)
	})
	if traffic.Cause != errGone {
		t.Errorf("the cause is %v", traffic.Cause)
	}
}

// TestClientLeaves while the program talks: the program is asked to end, what it
// still says is read and counted.
func TestClientLeaves(t *testing.T) {
	t.Parallel()
	program, client, j := newFakes()
	var gone atomic.Bool
	client.takes = func() error {
		if gone.Load() {
			return errGone
		}
		return nil
	}
	program.onClose = nil // it has more to say
	traffic := conversation(t, program, client, func() {
		program.says <- say("heard")
		testkit.Eventually(t, "it is heard", func() bool { return j.has("client takes heard") })
		gone.Store(true)
		client.leave(errGone)
		<-program.closed
		for range 3 {
			program.says <- say("un", "heard")
		}
		program.end(errKilled)
	})
	if traffic.Cause != errGone {
		t.Errorf("the cause is %v, not that the client is gone", traffic.Cause)
	}
	expectTally(t, "to the client", traffic.ToClient, 1, 5)
	expectTally(t, "undelivered", traffic.Undelivered, 6, 21)
	expect(t, j, "client takes heard", "program is closed", "client does not take un+heard",
		"client does not take un+heard", "client does not take un+heard", "client is told: gone", "client is closed")
}

// TestClientLeavesProgramBlocked: a program that takes nothing is asked to end
// all the same.
func TestClientLeavesProgramBlocked(t *testing.T) {
	t.Parallel()
	program, client, j := newFakes()
	blocked := make(chan struct{})
	program.takes = func() error {
		close(blocked)
		<-program.closed
		return syscall.EPIPE
	}
	traffic := conversation(t, program, client, func() {
		client.says <- say("flood")
		<-blocked
		client.cancel(errGone) // no goroutine is in the client's Receive to see it
	})
	if traffic.Cause != errGone {
		t.Errorf("the cause is %v", traffic.Cause)
	}
	expectTally(t, "to the program", traffic.ToProgram, 0, 0)
	if !j.has("program does not take flood") {
		t.Errorf("%q", j.all())
	}
}

// TestClientBlocked: a client that takes nothing holds the program back, after one batch,
// and still can be found dead.
func TestClientBlocked(t *testing.T) {
	t.Parallel()
	program, client, j := newFakes()
	entered, dead := make(chan struct{}), make(chan struct{})
	client.takes = func() error {
		entered <- struct{}{}
		<-dead
		return errGone
	}
	traffic := conversation(t, program, client, func() {
		program.says <- say("one")
		<-entered
		select {
		case program.says <- say("two"):
			t.Error("a second batch is read while the first one is not taken")
		default:
		}
		if n := program.inReceive.Load(); n != 0 {
			t.Error("the program is received while the client takes nothing")
		}
		client.leave(errQuiet)
		<-program.closed
		close(dead)
	})
	if traffic.Cause != errQuiet {
		t.Errorf("the cause is %v", traffic.Cause)
	}
	expectTally(t, "undelivered", traffic.Undelivered, 1, 3)
	expectTally(t, "to the client", traffic.ToClient, 0, 0)
	if !j.has("client is told: " + errQuiet.Error()) {
		t.Errorf("%q", j.all())
	}
}

// TestServerGoesAway: the program is asked to end, its last output is delivered, and the
// client gets its close at the end.
func TestServerGoesAway(t *testing.T) {
	t.Parallel()
	program, client, j := newFakes()
	program.onClose = nil
	traffic := conversation(t, program, client, func() {
		program.says <- say("before")
		testkit.Eventually(t, "it is heard", func() bool { return j.has("client takes before") })
		client.cancel(ErrGoingAway)
		<-program.closed
		program.says <- say("last words")
		program.end(errExit3)
	})
	expect(t, j, "client takes before", "program is closed", "client takes last words",
		"client is told: "+ErrGoingAway.Error(), "client is closed")
	if traffic.Cause != ErrGoingAway {
		t.Errorf("the cause is %v", traffic.Cause)
	}
	expectTally(t, "to the client", traffic.ToClient, 2, 16)
	expectTally(t, "undelivered", traffic.Undelivered, 0, 0)
}

// TestGoneBeforeItBegins: all was over before the first message.
func TestGoneBeforeItBegins(t *testing.T) {
	t.Parallel()
	program, client, _ := newFakes()
	client.leave(ErrGoingAway)
	if traffic := conversation(t, program, client, func() {}); traffic.Cause != ErrGoingAway {
		t.Errorf("the cause is %v", traffic.Cause)
	}
}

// TestCloseDuringConversation: Close may come from anywhere, any number of times.
func TestCloseDuringConversation(t *testing.T) {
	t.Parallel()
	program, client, _ := newFakes()
	conversation(t, program, client, func() {
		program.says <- say("x")
		done := make(chan struct{})
		for range 4 {
			go func() {
				program.Close()
				client.Close()
				done <- struct{}{}
			}()
		}
		for range 4 {
			<-done
		}
	})
}

// TestSlowEnd: Pipe returns only after the Close of the program that the client's end has
// started.
func TestSlowEnd(t *testing.T) {
	t.Parallel()
	program, client, _ := newFakes()
	var over atomic.Bool
	release := make(chan struct{})
	program.onClose = func() {
		program.end(errKilled) // its output is over, its group is not gone
		<-release
		over.Store(true)
	}
	traffic := conversation(t, program, client, func() {
		client.leave(errGone)
		<-program.closed
		close(release)
	})
	if !over.Load() {
		t.Error("returned while the program was still being ended")
	}
	if traffic.Cause != errGone {
		t.Errorf("the cause is %v", traffic.Cause)
	}
}

// TestTally counts whole messages and all bytes.
func TestTally(t *testing.T) {
	t.Parallel()
	program, client, _ := newFakes()
	traffic := conversation(t, program, client, func() {
		program.says <- []Message{{Kind: Binary, More: true, Data: []byte("ab")}, {Kind: Binary, More: true}, {Kind: Binary, Data: []byte("c")}, {Kind: Text}}
		program.end(errExit3)
	})
	expectTally(t, "to the client", traffic.ToClient, 2, 3)
}

// TestTallyOfAnAnswer counts a message that the program acted on, and ended, before
// Send has returned: when the conversation is over, not only when it is settled.
func TestTallyOfAnAnswer(t *testing.T) {
	t.Parallel()
	program, client, _ := newFakes()
	program.takes = func() error {
		program.end(errExit3)
		<-program.closed
		return nil
	}
	said := make(chan struct{})
	go func() {
		defer close(said)
		client.says <- say("last")
	}()
	var moved Meter
	testkit.Within(t, testkit.Patience, "the conversation ends", func() {
		settle, _ := Run(program, client, &moved)
		expectTally(t, "to the program", moved.ToProgram.Tally(), 1, 4)
		settle()
	})
	<-said
}

// TestPrefaceIsNotCounted: a preface is not counted as a message.
func TestPrefaceIsNotCounted(t *testing.T) {
	t.Parallel()
	var tally Tally
	tally.add([]Message{{Kind: Preface, Data: []byte("{}")}})
	tally.add(say("hello"))
	if tally != (Tally{Messages: 1, Bytes: 5}) {
		t.Errorf("%+v", tally)
	}
}
