package shared

import (
	"testing"
)

// Two million lines, as fast as the program can, and ten who read: nobody misses
// one, with the default for slow clients. It is alone on the machine: among other
// tests not all who read are equally fast.
func TestBurst(t *testing.T) {
	const total = 2_000_000
	s := startPlain(t, counting(t, "-total=2000000 -batch=2000000")...)
	all := joinAll(t, s, 10)
	all[0].Text("go")
	allHaveAll(t, all, 1, total, 1000)
}

// Who comes while the program prints as fast as it can gets what is kept and then
// what comes, with nothing missing and nothing twice between the two.
func TestLateJoiners(t *testing.T) {
	t.Parallel()
	const total, joiners = 200_000, 10
	s := start(t, counting(t, "-total=200000 -batch=100 -every=1ms -stay", "--slowclient=block", "--history=256K")...)
	first := join(t, s)
	first.Text("go")
	var all []*viewer
	for n := range joiners {
		first.reaches(t, n*total/2/joiners)
		all = append(all, join(t, s))
	}
	first.reaches(t, total)
	first.Text("end")
	first.hasAll(t, 1, total, 1000)
	before := 0
	for _, late := range all {
		late.hasAll(t, late.first, total, 1000)
		if late.first < max(1, before) {
			t.Errorf("who came later begins with %d, who came before with %d", late.first, before)
		}
		before = late.first
	}
	if before < 2 {
		t.Error("the last one got everything from the beginning on: nothing was dropped from the history")
	}
}
