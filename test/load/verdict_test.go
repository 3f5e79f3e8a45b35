package main

import (
	"runtime"
	"slices"
	"strings"
	"testing"
)

// Every row of targets.txt is about something that is measured.
func TestTargetsExist(t *testing.T) {
	t.Parallel()
	goals, err := parseGoals(targetsText)
	if err != nil {
		t.Fatal(err)
	}
	measures := map[string][]string{}
	for _, f := range figures() {
		measures[f.name] = f.measures
	}
	for _, g := range goals {
		if program, needed := strings.CutPrefix(g.figure, "firstline/"); needed && measures[g.figure] == nil {
			t.Logf("%s is not installed", program)
			continue
		}
		if !slices.Contains(measures[g.figure], g.measure) {
			t.Errorf("there is no %q of %q", g.measure, g.figure)
		}
		if !slices.Contains([]string{"ours", "pool", "close", "session", "call"}, g.of) || !slices.Contains([]string{peerName, limitName, "handshake", "itself", sharedName, plainName, sdkName, supergatewayName}, g.to) {
			t.Errorf("%s: of %q to %q", g.figure, g.of, g.to)
		}
		if g.floor.text == "" && g.moonshot.text == "" {
			t.Errorf("%s, %s: nothing is wanted", g.figure, g.measure)
		}
		if g.floor.text != "" && (g.floor.less != g.moonshot.less || !g.floor.metBy(g.moonshot.value)) {
			t.Errorf("%s, %s: the moonshot %s is below the floor %s", g.figure, g.measure, g.moonshot, g.floor)
		}
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	b, err := parseBound("<= cpus+8")
	if err != nil || !b.metBy(number(runtime.NumCPU()+8)) || b.metBy(number(runtime.NumCPU()+9)) {
		t.Errorf("%+v, %v", b, err)
	}
	for _, bad := range []string{"", "30", ">= x", "> 3", ">=3"} {
		if _, err := parseBound(bad); err == nil {
			t.Errorf("%q is a bound", bad)
		}
	}
	if _, err := parseGoals("one  two  three"); err == nil {
		t.Error("three columns are a goal")
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	goals, err := parseGoals(`
# a comment
f  rate  ours  peer   >= 2    >= 4
f  cost  ours  limit  <= 3    <= 1
f  rate  pool  peer   -       >= 9
f  rate  ours  itself  -      >= 1
f  rate  ours  handshake  >= 1  >= 2
g  rate  ours  peer   >= 2    >= 4
`)
	if err != nil {
		t.Fatal(err)
	}
	f := &finding{Figure: "f", reps: 1}
	f.of("ours", "rate").Raw[0] = 30
	f.of(peerName, "rate").Raw[0] = 10
	f.of("ours"+poolSuffix, "rate").Raw[0] = 20
	f.of("ours", "cost").Raw[0] = 8
	f.of(limitName, "cost").Raw[0] = 2
	f.conclude()
	var got []string
	for _, v := range judge(goals, []*finding{f}, "ours") {
		got = append(got, v.Target+" "+v.Measure+" "+v.Verdict)
	}
	want := []string{"ours rate floor", "ours cost BELOW", "ours+pool rate short", "ours rate ok/moon"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
