package manager

import (
	"os"
	"testing"
	"time"
)

// TestParseOwn: the name of a program may hold anything, and what is no such file tells nothing.
func TestParseOwn(t *testing.T) {
	t.Parallel()
	line := "7 (a) b (c) S 1 7 42 0 -1 4194304 1 2 3 4 100 20 3 4 20 0 1 0 12345 99999 77 18446744073709551615"
	want := OwnProcess{Began: time.Unix(1000+123, 450_000_000), CPU: 1200 * time.Millisecond, Memory: 77 * uint64(os.Getpagesize()), Virtual: 99999}
	if got := parseOwn([]byte(line), time.Unix(1000, 0)); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, bad := range []string{"", "7", "7 (a", "7 (a)"} {
		if got := parseOwn([]byte(bad), time.Unix(1000, 0)); got != (OwnProcess{}) {
			t.Errorf("%q: %+v", bad, got)
		}
	}
}
