package pow

import (
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// TestRESTOverReload: who may ask for a call over HTTP is for its program to say as it is served
// now, and when that is gone, as it was served last.
func TestRESTOverReload(t *testing.T) {
	t.Parallel()
	const begin, other = "[program.p]\ncommand = [\"cat\"]\n", "[program.other]\ncommand = [\"cat\"]\norigin = [\"https://old.example\", \"file://\"]\n"
	file := config(t, begin+other)
	tokens := config(t, "ann:0123456789abcdef\nbob:fedcba9876543210\n")
	s := harness.Start(t, harness.Binary(t), "--config="+file, "--pow", "--tokenfile="+tokens)
	a := newAPI(t, s, "/pow/", "Authorization: Bearer 0123456789abcdef")
	id := a.call("p")
	asks := func(want int, headers ...string) {
		t.Helper()
		for _, op := range [][2]string{{"GET", "status/"}, {"POST", "input/"}, {"POST", "closeInput/"}, {"POST", "cancel/"}} {
			if want == 200 && op[1] == "closeInput/" { // more input is to come
				break
			}
			if got := a.ask(op[0], op[1]+id, "", headers...); got.StatusCode != want {
				t.Errorf("%s: %d %s, expected %d", op[1], got.StatusCode, got.body, want)
			}
		}
	}
	reload := func(programs string) {
		t.Helper()
		harness.WriteFile(t, file, programs, 0o600)
		before := len(s.Out.With("Configuration read again"))
		s.Signal(t, syscall.SIGHUP)
		harness.Until(t, "it is read", func() bool { return len(s.Out.With("Configuration read again")) > before })
	}
	asks(200)
	asks(403, "Origin: https://old.example")
	reload(begin + "origin = [\"https://new.example\", \"file://\"]\n" + other)
	asks(200)
	asks(200, "Origin: https://new.example")
	asks(403, "Origin: https://old.example")
	reload(begin + "allow = [\"bob\"]\n" + other)
	asks(403)
	reload(other)
	asks(403)
	reload(begin + other)
	asks(200)
	a.expect("POST", "cancel/"+id, "", 200, "process cancelled")
}
