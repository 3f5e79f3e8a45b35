package pow

import (
	"context"
	"testing"

	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/process"
)

// TestLiftLate: a call that does not stand still in time is not waited for, and goes on as soon as it does.
func TestLiftLate(t *testing.T) {
	t.Parallel()
	launcher, err := process.NewLauncher(process.LauncherOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { launcher.Close() })
	f := newFace(t, Options{}, launcher)
	f.call("cat")
	at := f.calls.list()[0].at
	x, failed := launch(at, nil)
	if failed != nil {
		t.Fatal(failed.reason)
	}
	c := newRESTCall(newID(), "", at, newLines(1000, 1000), func() {})
	c.x = x
	late, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 { // as two upgrades do
		if l, err := c.lift(late); l != nil || err != errBusy {
			t.Errorf("%+v, %v", l, err)
		}
	}
	if err := c.offer([]byte("one\n"), at.Memory(func() {})); err != nil {
		t.Fatal(err)
	}
	at.Go(c.run) // only now it can stand still
	testkit.Eventually(t, "it goes on", func() bool { return c.output.String() == "one" })
	x.input.close()
	<-c.over
	if result := c.ended(); result.Status != Fulfilled {
		t.Errorf("it ends with %+v", result)
	}
}
