package main

import (
	"encoding/json"
	"fmt"
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
	load := filepath.Join(t.TempDir(), "load")
	if out, err := exec.Command("go", "build", "-o", load, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f := measureHub(t, load, 0.2)
	for seconds := 0.8; notMeasured(f) != "" && seconds < 60; seconds *= 4 { // a busy machine may deliver nothing in a short time
		f = measureHub(t, load, seconds)
	}
	if what := notMeasured(f); what != "" || f.Failed || len(f.Notes) > 0 {
		t.Errorf("not measured: %q, %v %q", what, f.Failed, f.Notes)
	}
}

// measureHub measures the figure of ten subscribers.
func measureHub(t *testing.T, load string, seconds float64) *finding {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bench.json")
	out, err := exec.Command(load, "-reps=1", fmt.Sprintf("-seconds=%g", seconds), "-only=hub/10", "-json="+file, "ours="+harness.PlainBinary(t)).CombinedOutput()
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
	return r.Figures[0]
}

// notMeasured returns what has no value.
func notMeasured(f *finding) string {
	for _, name := range []string{hubName, viewerName, limitName} {
		for _, measure := range []string{deliveriesPerSecond, cpuPerDelivery, roundP99} {
			if s := f.get(name, measure); s == nil || !s.Median.ok() || s.Median <= 0 {
				return measure + " of " + name
			}
		}
	}
	return ""
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
