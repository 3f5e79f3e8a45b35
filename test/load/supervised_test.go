package main

import (
	"testing"
	"time"

	"websocketd/test/harness"
)

// TestSupervised: the figure of supervised programs runs, and it is noticed if not all of them are told
// of.
func TestSupervised(t *testing.T) {
	t.Parallel()
	b := &bench{ctx: t.Context(), window: time.Second / 2}
	ours := target{Name: "ours", Command: []string{harness.PlainBinary(t)}}
	found, err := b.supervised(ours, 3, true)
	if err != nil {
		t.Fatal(err)
	}
	if found.lost != 0 || found.bad != 0 || !found.values[idleCPU].ok() || found.values[threads] <= 0 {
		t.Errorf("%+v", found)
	}
	const online, other = `{"status":"online","memory":1}`, `{"status":"stopped","memory":1}`
	for processes, want := range map[string]int64{
		online + "," + online: 0, online: 1, online + "," + other: 1, online + `,{"status":"online","memory":0}`: 1,
	} {
		m := &metrics{programs: 2}
		err := m.take([]byte(`{"type":"process_metrics","data":{"processes":[` + processes + `]}}`))
		if err != nil || m.messages != 1 || m.bad != want {
			t.Errorf("%s: %d messages, %d of them bad, %v", processes, m.messages, m.bad, err)
		}
	}
}
