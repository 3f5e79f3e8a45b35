package manager

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// TestParseStat: the name of a program may hold anything.
func TestParseStat(t *testing.T) {
	t.Parallel()
	line := "7 (a) b (c) S 1 7 42 0 -1 4194304 1 2 3 4 100 20 3 4 20 0 1 0 12345 99999 77 18446744073709551615"
	if session, cpu, pages := parseStat([]byte(line)); session != 42 || cpu != 1270*time.Millisecond || pages != 77 {
		t.Errorf("%d %v %d", session, cpu, pages)
	}
	for _, bad := range []string{"", "7", "7 (a", "7 (a)"} {
		if session, cpu, pages := parseStat([]byte(bad)); session != 0 || cpu != 0 || pages != 0 {
			t.Errorf("%q: %d %v %d", bad, session, cpu, pages)
		}
	}
	own, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", os.Getpid()))
	if _, _, pages := parseStat(own); err != nil || pages == 0 {
		t.Errorf("%s: %v", own, err)
	}
}
