package beside

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// A directory of many files is listed up to a limit, and says so.
func TestStaticListingHasALimit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 5100 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a := get(t, start(t, "--staticdir="+dir), "/")
	if n := strings.Count(a.body, "<a href"); n != 5001 || !strings.Contains(a.body, "only 5000 entries") {
		t.Errorf("%d entries: %.200q", n, a.body)
	}
	a = get(t, start(t, "--staticdir="+dir, "--maxmemory=512K"), "/")
	if a.StatusCode != 503 || !strings.Contains(a.body, "--maxmemory") {
		t.Errorf("without memory for it: %d %.200q", a.StatusCode, a.body)
	}
}

// A client that does not take its file is let go after two ping intervals, without
// the end of a whole answer.
func TestStaticClock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "large"), make([]byte, 64<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	s := start(t, "--staticdir="+dir, "--pingms=500")
	before := harness.Settled(t, func() int { return harness.Descriptors(t, s.PID) })
	w := dial(t, s)
	w.send(request("GET", "/large", ""))
	w.head("GET")
	harness.Until(t, "the connection is gone", func() bool { return harness.Descriptors(t, s.PID) <= before })
	if n, _ := io.Copy(io.Discard, w.r); n >= 64<<20 {
		t.Errorf("%d bytes came", n)
	}
}
