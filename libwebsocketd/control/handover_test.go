package control

import (
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/hub"
	"websocketd/libwebsocketd/process"
)

// TestHandover: the channel of a process that goes on in another server says nothing of it, that of one
// that stays says so, and those that have ended have ended.
func TestHandover(t *testing.T) {
	old, to := New(Options{}), New(Options{})
	defer to.Close()
	for _, id := range []string{"goes", "stays"} {
		old.Started(libwebsocketd.Process{ID: id})
	}
	old.Started(libwebsocketd.Process{ID: "ended"}).Ended(process.Ending{Code: 3})
	channels, settle := old.Lift()
	for _, data := range channels {
		if err := to.TakeOver(data); err != nil {
			t.Fatal(err)
		}
	}
	settle(true)
	old.Close()
	to.Started(libwebsocketd.Process{ID: "goes"})
	to.Begin()
	want := map[string]hub.Status{"process:goes": {Status: "running"}, "process:stays": {Status: "left", ExitCode: -1}, "process:ended": {Status: "exited", ExitCode: 3}}
	for _, about := range to.hub.Infos() {
		last := uint64(1)
		if about.Name != "process:goes" {
			last = 2
		}
		if about.Status == nil || *about.Status != want[about.Name] || about.Last != last {
			t.Errorf("%s: %+v, %d messages", about.Name, about.Status, about.Last)
		}
		delete(want, about.Name)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}
