package exit

import (
	"syscall"
	"testing"
)

// TestParse: what String returns is parsed, and nothing else.
func TestParse(t *testing.T) {
	for _, e := range []Ending{{}, {Code: 1}, {Code: 255}, {Code: 1 << 20}, {-1, syscall.SIGINT}, {-1, syscall.SIGKILL}, {-1, 40}} {
		if got, ok := Parse(e.String()); !ok || got != e {
			t.Errorf("%q is %+v, %v", e, got, ok)
		}
	}
	for _, text := range []string{"", "exit status", "exit status ", "exit status -1", "exit status 1 ", "exit status 1x", "exit status 4294967296",
		"signal: ", "signal: SIGNONE", "SIGINT", Ending{Code: -1}.String()} {
		if e, ok := Parse(text); ok {
			t.Errorf("%q is %+v", text, e)
		}
	}
}
