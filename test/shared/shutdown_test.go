package shared

import (
	"path/filepath"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// lastWords is a program that still has something to say when it is to end.
var lastWords = []string{"sh", "-c", `trap 'trap "" INT TERM; seq 1 500; printf bye; exit 7' INT TERM; echo up; while read line; do echo $line; done; sleep 600 & wait`}

// SIGTERM: everybody hears what the process still says, then 1001, and the server
// ends with 0.
func TestStop(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--restart=never", "--restart=always", "--start=eager", "--slowclient=block"} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			s := start(t, append([]string{flag, "--closems=2000"}, lastWords...)...)
			var all []*harness.Conn
			for range 20 {
				c := s.Connect(t)
				c.Expect(t, "up")
				all = append(all, c)
			}
			s.Signal(t, syscall.SIGTERM)
			for _, c := range all {
				if got := c.Ends(t, 1001, ""); len(got) != 501 || got[500] != "bye" {
					t.Errorf("%d of 501 last words", len(got))
				}
			}
			if status := s.Wait(t); status != 0 {
				t.Errorf("exit status %d", status)
			}
			harness.NothingLeft(t, s)
		})
	}
}

// While a program waits between two processes, the server stops at once.
func TestStopBetweenTwoProcesses(t *testing.T) {
	t.Parallel()
	program := filepath.Join(harness.Scripts(t, map[string]string{"program": "echo up; read line"}), "program")
	s := start(t, "--restart=always", program)
	c := s.Connect(t)
	c.Expect(t, "up")
	move(t, program, program+".away")
	c.Text("end")
	s.Out.Await(t, "Could not launch")
	s.Signal(t, syscall.SIGTERM)
	c.Ends(t, 1001, "")
	if status := s.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// A viewer that stands still does not keep the others from hearing 1001, whatever is
// done for slow ones.
func TestStopWithOneThatStandsStill(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"close", "block"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			// A write of less than PIPE_BUF is whole or not at all when the program is killed.
			s := start(t, counting(t, "-total=60000 -batch=10 -pad=240 -stay", "--slowclient="+policy, "--history=64K")...)
			still, reader := stall(t, s), join(t, s)
			reader.Text("go")
			pid := onlyProcess(t, s)
			if policy == "block" {
				harness.Until(t, "the program waits", func() bool { return reader.had.Load() > 100 && waits(pid) })
			} else {
				reader.reaches(t, 60000)
			}
			s.Signal(t, syscall.SIGTERM)
			<-reader.done
			if reader.err != nil || reader.end.Code != 1001 {
				t.Errorf("the other one had %d messages, then %v %v", reader.last, reader.end, reader.err)
			}
			still.Reset() // else the server waits for it, as long as it may
			if status := s.Wait(t); status != 0 {
				t.Errorf("exit status %d", status)
			}
			harness.NothingLeft(t, s)
		})
	}
}

// A second SIGTERM does not wait for the ladder.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	harness.Need(t, "perl")
	s := start(t, "--closems=20000", "perl", "-e", `$SIG{$_} = "IGNORE" for qw(INT TERM HUP); $| = 1; print "up\n"; sleep 100 while 1`)
	all := []*harness.Conn{s.Connect(t), s.Connect(t)}
	for _, c := range all {
		c.Expect(t, "up")
	}
	s.Signal(t, syscall.SIGTERM)
	s.Out.Await(t, "Stopping")
	s.Signal(t, syscall.SIGTERM)
	if status := s.Wait(t); status != 128+15 {
		t.Errorf("exit status %d", status)
	}
	harness.NothingLeft(t, s)
}

// Killed without a chance to clean up, the server leaves nothing either.
func TestKilledServer(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--start=eager", "--linger=1m", "--restart=always"} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			s := start(t, flag, "sh", "-c", "trap '' INT TERM HUP; sleep 500 & echo up; while :; do sleep 501; done")
			c := s.Connect(t)
			c.Expect(t, "up")
			if flag == "--linger=1m" {
				c.Leave(t)
			}
			s.Signal(t, syscall.SIGKILL)
			s.Wait(t)
			harness.NothingLeft(t, s)
		})
	}
}
