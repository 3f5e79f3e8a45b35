package pow

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// Programs that do not end by themselves. Each says when it is ready.
var (
	deaf = shell("stubborn", `trap '' INT TERM HUP; echo up; sleep 503 & while :; do sleep 504; done`) +
		shell("sleeps", `echo up; exec sleep 1000`) + // never reads
		shell("family", `sleep 500 & sleep 501 | sleep 502 & timeout 505 timeout 506 sleep 507 & echo up; cat`) +
		shell("stopped", `echo up; kill -STOP $$; cat`)
	patient = shell("ignores", `trap '' INT; echo up; cat; echo end; exit $1`)
	polite  = shell("polite", `trap 'echo bye; exit $1' INT; sleep 1000 >/dev/null & echo up; wait`)
)

// close ends the input: what comes later is ignored, and so is a second close.
func TestCloseInput(t *testing.T) {
	t.Parallel()
	s := serve(t, cat+shell("after", `cat; echo end; exec sleep 1000`))
	c := begin(t, s, "cat")
	c.input(t, "before")
	c.control(t, signalClose)
	c.wants(t, "before", null)
	c = begin(t, s, "after")
	c.input(t, "before ")
	c.control(t, signalClose)
	c.input(t, "later")
	c.control(t, signalClose)
	c.says(t, "before end\n")
	c.input(t, "still later")
	c.control(t, signalClose)
	c.control(t, signalCancel)
	c.wants(t, "", failed(canceled+" (signal: SIGINT)"))
}

// A process may end well when it is asked to; then its call is fulfilled.
func TestCancel(t *testing.T) {
	t.Parallel()
	s := serve(t, polite+cat)
	c := begin(t, s, "polite", "0")
	c.says(t, "up\n")
	c.control(t, signalCancel)
	c.wants(t, "bye\n", null)
	c = begin(t, s, "polite", "5")
	c.says(t, "up\n")
	c.control(t, signalCancel)
	c.wants(t, "bye\n", failed(canceled+" (exit status 5)"))
	c = begin(t, s, "cat")
	c.input(t, "x")
	c.says(t, "x")
	c.control(t, signalCancel)
	c.wants(t, "", failed(canceled+" (signal: SIGINT)"))
}

// The first cancel leaves the input open, the second one closes it.
func TestCancelTwice(t *testing.T) {
	t.Parallel()
	s := serve(t, patient, "--closems=600000")
	for status, result := range map[string]string{"0": null, "9": failed(canceled + " (exit status 9)")} {
		c := begin(t, s, "ignores", status)
		c.says(t, "up\n")
		c.control(t, signalCancel)
		c.input(t, "still heard\n")
		c.says(t, "still heard\n")
		c.control(t, signalCancel)
		c.input(t, "ignored\n")
		c.control(t, signalCancel) // and more of them are harmless
		c.wants(t, "end\n", result)
	}
}

// Whatever a process does, it ends when it is canceled, within the time of --closems and with
// all its children. Input that it does not read is no hindrance.
func TestCancelEndsEverything(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]string{"stubborn": "SIGKILL", "sleeps": "SIGINT", "family": "SIGINT", "stopped": "SIGKILL"} {
		for _, flood := range []int{0, 900 << 10} {
			t.Run(name+" "+strings.Repeat("flooded", min(flood, 1)), func(t *testing.T) {
				t.Parallel()
				s := serve(t, deaf, "--maxforks=1")
				c := begin(t, s, name)
				c.says(t, "up\n")
				if name == "stopped" {
					harness.Until(t, "it has stopped itself", func() bool { return slices.ContainsFunc(s.Children(), harness.Stopped) })
				}
				for sent := 0; sent < flood; sent += 9 << 10 {
					c.input(t, strings.Repeat("x", 9<<10))
				}
				c.control(t, signalCancel)
				output, result := c.ends(t)
				if want := failed(canceled + " (signal: " + how + ")"); result != want && name != "family" || reason(t, result) == "" {
					t.Errorf("%s after %.80q, not %s", result, output, want)
				}
				harness.NoSurvivors(t, s)
			})
		}
	}
}

// After a mistake of the client the process is canceled, and its call rejected even if it ends
// well.
func TestMistakes(t *testing.T) {
	t.Parallel()
	s := serve(t, polite+deaf+patient, "--closems=100")
	const why = "protocol error occurred"
	for _, m := range []string{message("polite", "0"), `{"signal":"hangup"}`, `{"signal":null}`, `{"signal":1}`, `{}`, `[]`, `nonsense`, ``, "{\"signal\":\"close\",\"x\":\"\xff\"}", `{"signal":"Close"}`} {
		c := begin(t, s, "polite", "0")
		c.says(t, "up\n")
		c.control(t, m)
		c.wants(t, "bye\n", failed(why))
		c = begin(t, s, "sleeps")
		c.control(t, m)
		if output, result := c.ends(t); result != failed(why+" (signal: SIGINT)") {
			t.Errorf("%s: %q %s", m, output, result)
		}
	}
	c := begin(t, s, "ignores", "0") // the cancel after it closes the input
	c.says(t, "up\n")
	c.control(t, `{"signal":"hangup"}`)
	c.control(t, signalCancel)
	if _, result := c.ends(t); !strings.HasPrefix(reason(t, result), "process returned error: "+why) {
		t.Errorf("%s", result)
	}
	harness.NoSurvivors(t, s)
}

// The end of the server cancels every call; each client has its result and 1000. A client
// that has called nothing yet hears it too.
func TestServerEnds(t *testing.T) {
	t.Parallel()
	s := serve(t, polite+deaf, "--closems=100")
	names := map[string]string{"polite": failed(goingAway + " (exit status 3)"), "sleeps": failed(goingAway + " (signal: SIGINT)"), "stubborn": failed(goingAway + " (signal: SIGKILL)")}
	calls := map[string]*call{}
	for name := range names {
		calls[name] = begin(t, s, name, "3")
		calls[name].says(t, "up\n")
	}
	idle := open(t, s)
	idle.input(t, "early")
	s.Signal(t, syscall.SIGTERM)
	for name, want := range names {
		if _, result := calls[name].ends(t); result != want {
			t.Errorf("%s: %s, not %s", name, result, want)
		}
	}
	if _, result := idle.ends(t); result != `{"status":"rejected","reason":"`+goingAway+`"}` && result != timedOut {
		t.Errorf("without a call: %s", result)
	}
}

// A canceled process is asked by a signal, and its input is not ended: that would mean that
// the input is complete.
func TestGoneIsNoEndOfInput(t *testing.T) {
	t.Parallel()
	for how, leave := range leavings {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "said")
			s := serve(t, shell("tells", `trap 'echo int >`+file+`; exit' INT; echo up; cat; echo eof >`+file))
			c := begin(t, s, "tells")
			c.says(t, "up\n")
			c.input(t, "x")
			c.says(t, "x")
			leave(t, c)
			harness.NoSurvivors(t, s)
			if said, err := os.ReadFile(file); string(said) != "int\n" {
				t.Errorf("the process has noted %q, %v", said, err)
			}
		})
	}
}

// A flood that its client does not read ends when it is canceled; what was printed before is
// delivered, and then the result.
func TestCancelOfAFlood(t *testing.T) {
	t.Parallel()
	s := serve(t, "[program.yes]\ncommand = [\"yes\"]\n")
	for _, twice := range []bool{false, true} {
		c := begin(t, s, "yes")
		harness.Until(t, "the process waits", func() bool {
			all := s.Children()
			return len(all) == 1 && harness.Blocked(all[0])
		})
		c.control(t, signalCancel)
		if twice {
			c.control(t, signalCancel)
		}
		harness.NoSurvivors(t, s)
		output, result := c.ends(t)
		if strings.Trim(output, "y\n") != "" || len(output) < 64<<10 || result != failed(canceled+" (signal: SIGINT)") {
			t.Errorf("%d bytes, %s", len(output), result)
		}
	}
}
