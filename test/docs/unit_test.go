package docs

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// TestUnits: systemd has nothing to say about a unit that a page shows, and what it starts is the
// command that the page tries.
func TestUnits(t *testing.T) {
	units := 0
	for _, p := range manual(t) {
		for _, b := range p.blocks {
			if b.language != "systemd" || !strings.Contains(b.text(), "\nExecStart=") {
				continue
			}
			units++
			t.Run(p.name, func(t *testing.T) { verify(t, p, b) })
		}
	}
	if units == 0 {
		t.Error("no page has a unit")
	}
}

// verify has systemd read a unit, with our binary in the place of the installed one.
func verify(t *testing.T, p page, b block) {
	t.Helper()
	harness.Need(t, "systemd-analyze")
	_, command, _ := strings.Cut(b.text(), "\nExecStart=/usr/local/bin/")
	command, _, _ = strings.Cut(command, "\n")
	if !strings.Contains(p.text, "\n$ "+command+"\n") {
		t.Errorf("the page does not try %q", command)
	}
	unit := filepath.Join(t.TempDir(), "page.service")
	put(t, unit, strings.ReplaceAll(b.text(), "/usr/local/bin/websocketd", harness.PlainBinary(t)))
	out, err := exec.Command("systemd-analyze", "verify", "--man=no", unit).CombinedOutput()
	if err != nil || strings.Contains(string(out), "page.service") {
		t.Errorf("%v: %s", err, out)
	}
}
