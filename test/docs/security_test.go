package docs

import (
	"regexp"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// named is a test as SECURITY.md names it: its directory and its function.
var named = regexp.MustCompile("`([a-z/0-9]+):((?:Test|Fuzz)\\w+)`")

// TestSecurityNamesTests: each row of the table of SECURITY.md names tests, and they are
// there.
func TestSecurityNamesTests(t *testing.T) {
	t.Parallel()
	rows := 0
	for line := range strings.Lines(read(t, "SECURITY.md").text) {
		if !strings.HasPrefix(line, "| **") {
			continue
		}
		rows++
		tests := named.FindAllStringSubmatch(line, -1)
		if len(tests) == 0 {
			t.Errorf("a row names no test: %s", line)
		}
		for _, test := range tests {
			if !harness.HasTest(t, test[1], test[2]) {
				t.Errorf("%s has no %s", test[1], test[2])
			}
		}
	}
	if rows < 20 {
		t.Errorf("SECURITY.md has %d rows", rows)
	}
}
