package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// TestHub: the hub's figure of subscribers runs, nobody misses a line, and all participants are
// measured.
func TestHub(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	load, file := filepath.Join(dir, "load"), filepath.Join(dir, "bench.json")
	if out, err := exec.Command("go", "build", "-o", load, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(load, "-reps=1", "-seconds=0.2", "-only=hub/10", "-json="+file, "ours="+harness.PlainBinary(t)).CombinedOutput()
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
	for _, name := range []string{hubName, viewerName, limitName} {
		for _, measure := range []string{deliveriesPerSecond, cpuPerDelivery, roundP99} {
			if s := r.Figures[0].get(name, measure); s == nil || !s.Median.ok() || s.Median <= 0 {
				t.Errorf("%s of %s: %+v", measure, name, s)
			}
		}
	}
	if f := r.Figures[0]; f.Failed || len(f.Notes) > 0 {
		t.Errorf("%v %q", f.Failed, f.Notes)
	}
}

// TestHubLine: the line of a message of the hub, and nothing of other messages.
func TestHubLine(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		`{"type":"process_output","channel":"process:cat","processId":"cat","data":"a line","timestamp":"x","epoch":"e","seq":1}`: "a line",
		`{"type":"process_status","channel":"process:cat","processId":"cat","data":{"status":"running"}}`:                         "",
		`{"type":"error","data":"no"}`: "",
	} {
		if got := hubLine([]byte(message)); string(got) != want || (want == "") != (got == nil) {
			t.Errorf("%s: %q", message, got)
		}
	}
	if !strings.HasPrefix(lockstepForm, `{"type":"process_output"`) {
		t.Error("the limit writes something else than the hub")
	}
}
