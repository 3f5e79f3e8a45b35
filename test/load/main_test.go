package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// The program runs and measures its figures. Nothing here depends on how fast
// anything is.
func TestSmoke(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	load, file := filepath.Join(dir, "load"), filepath.Join(dir, "bench.json")
	if out, err := exec.Command("go", "build", "-o", load, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	only := "stream/100 upload/100 connect/100 echo/1x16 fanout/10 calm/200 events/100"
	cmd := exec.Command(load, "-reps=1", "-seconds=0.5", "-only="+only, "-json="+file, "ours="+harness.PlainBinary(t))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	again, err := exec.Command(load, "-from="+file, "-markdown").CombinedOutput()
	if err != nil || !strings.Contains(string(again), "| upload/100 | lines/s |") {
		t.Errorf("from the file: %v\n%s", err, again)
	}
	if r.Reps != 1 || r.CPUs == 0 || r.Kernel == "" || r.Date.IsZero() || len(r.Targets) != 1 {
		t.Errorf("the report's head is %+v", r)
	}
	checkFindings(t, &r, strings.Fields(only))
	if len(r.Verdicts) == 0 {
		t.Error("no verdicts, though the limit was measured")
	}
	for _, word := range []string{"stream/100", "to limit", "load average", linesPerSecond} {
		if !strings.Contains(string(out), word) {
			t.Errorf("the table does not mention %q:\n%s", word, out)
		}
	}
}

func checkFindings(t *testing.T, r *report, want []string) {
	t.Helper()
	if len(r.Figures) != len(want) {
		t.Fatalf("%d figures, not %v", len(r.Figures), want)
	}
	for i, f := range r.Figures {
		if f.Figure != want[i] || f.Failed || len(f.Notes) > 0 {
			t.Errorf("%s: failed %v, notes %q", f.Figure, f.Failed, f.Notes)
		}
		j := slices.IndexFunc(figures(), func(g figure) bool { return g.name == f.Figure })
		names, limited := []string{"ours"}, figures()[j].limit != nil || strings.HasPrefix(f.Figure, "connect/")
		if limited {
			names = append(names, limitName)
		}
		for _, target := range names {
			s := f.get(target, figures()[j].measures[0])
			if s == nil || len(s.Raw) != 1 || !s.Raw[0].ok() || s.Raw[0] <= 0 || s.Median != s.Raw[0] || s.ToLimit.ok() != limited {
				t.Errorf("%s of %s: %+v", f.Figure, target, s)
			}
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	o, err := parseOptions([]string{"-reps=7", "-only=stream/* echo", "ours=./a --flag", "peer=/b"})
	if err != nil {
		t.Fatal(err)
	}
	if o.reps != 7 || len(o.figures) != 12 || len(o.servers) != 2 || o.servers[0].Name != "ours" || !slices.Equal(o.servers[0].Command, []string{"./a", "--flag"}) {
		t.Errorf("%+v", o)
	}
	for _, bad := range [][]string{{"./a"}, {"=./a"}, {"limit=./a"}, {"ours="}, {"-gate", "ours=./a"}, {"-reps=0", "ours=./a"},
		{"-only=nothing", "ours=./a"}, {"-from=x", "ours=./a"}, {}} {
		if _, err := parseOptions(bad); !errors.As(err, new(usageError)) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestSelection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, patterns string
		want           bool
	}{
		{"stream/10", "", true},
		{"stream/10", "stream", true},
		{"stream/10", "stream/*", true},
		{"stream/10", "echo stream/10", true},
		{"stream/100", "stream/10", false},
		{"binary", "b*", true},
		{"binary", "echo/*", false},
	} {
		if got := (figure{name: c.name}).selected(strings.Fields(c.patterns)); got != c.want {
			t.Errorf("%q selects %s: %v", c.patterns, c.name, got)
		}
	}
}
