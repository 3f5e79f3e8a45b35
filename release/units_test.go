package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// directive returns the last value that a unit gives to a name.
func directive(t *testing.T, unit, name string) (value string, ok bool) {
	t.Helper()
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if after, found := strings.CutPrefix(strings.TrimSpace(line), name+"="); found {
			value, ok = after, true
		}
	}
	return value, ok
}

// explained are the lines of systemd-analyze verify that say nothing against the units: the second
// Type= is for systemd from 253 on, and neither the command nor its pages are on this machine.
var explained = regexp.MustCompile(`service type, ignoring: notify-reload|websocketd is not executable: No such file|Command 'man websocketd`)

// TestUnitsVerify has systemd itself read the units.
func TestUnitsVerify(t *testing.T) {
	t.Parallel()
	tool := need(t, "systemd-analyze")
	args := []string{"verify"}
	for _, name := range []string{"websocketd.service", "websocketd@.service", "websocketd.socket"} {
		args = append(args, "./"+filepath.Join("systemd", name))
	}
	out, _ := exec.Command(tool, args...).CombinedOutput() // its status tells of the command that is not there
	for line := range strings.Lines(string(out)) {
		if !explained.MatchString(line) {
			t.Errorf("systemd-analyze verify: %s", line)
		}
	}
}

// TestUnitsAreConfined has systemd judge how much a service could do: 1.9 of 10, where a unit
// without walls has 9.6.
func TestUnitsAreConfined(t *testing.T) {
	t.Parallel()
	tool := need(t, "systemd-analyze")
	for _, name := range []string{"websocketd.service", "websocketd@.service"} {
		out, err := exec.Command(tool, "security", "--offline=yes", "--threshold=20", "./"+filepath.Join("systemd", name)).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// need returns where a tool is. Without it the test is skipped, or fails if REQUIRE names the tool.
func need(t *testing.T, tool string) string {
	t.Helper()
	path, err := exec.LookPath(tool)
	if err != nil && slices.Contains(strings.Split(os.Getenv("REQUIRE"), ","), tool) {
		t.Fatalf("REQUIRE names %s, but: %v", tool, err)
	}
	if err != nil {
		t.Skipf("skip: needs %s: %v", tool, err)
	}
	return path
}
