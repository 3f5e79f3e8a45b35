package shared

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

const mib = 1 << 20

// limitMemory prints the most memory the server ever had, and fails if it was more
// than limit: many times what is needed, and a small part of what went through.
func limitMemory(t *testing.T, s *harness.Server, what string, limit int64) {
	t.Helper()
	peak := harness.PeakMemory(t, s.PID)
	harness.Measured(t, "%s: VmHWM %d MiB, limit %d MiB", what, peak/mib, limit/mib)
	if peak > limit {
		t.Errorf("%s: VmHWM %d MiB is over %d MiB", what, peak/mib, limit/mib)
	}
}

// A hundred viewers who stand still while 150 MB are said cost a fixed buffer each
// besides the history. With the larger one each stands somewhere else.
func TestMemoryOfTheStill(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before, later int
		limit         int64
	}{
		"64K":   {100, 0, 64 * mib},
		"16MiB": {50, 50, 128 * mib},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const total = 500_000
			s := startPlain(t, counting(t, "-total=500000 -batch=200 -pad=280", "--history="+name)...)
			reader := join(t, s)
			standStill(t, s, test.before)
			reader.Text("go")
			standStill(t, s, test.later)
			reader.hasAll(t, 1, total, 1000)
			limitMemory(t, s, "150 MB, 100 who stand still, --history="+name, test.limit)
		})
	}
}

func standStill(t *testing.T, s *harness.Server, n int) {
	t.Helper()
	for range n {
		stall(t, s)
	}
}

// A line of 200 MiB comes in pieces to everybody who reads, and is nowhere whole.
func TestMemoryOfALine(t *testing.T) {
	t.Parallel()
	const total = 200 * mib
	s := startPlain(t, "sh", "-c", "read go; yes | tr -d '\\n' | head -c 209715200")
	all := []*harness.Conn{s.Connect(t), s.Connect(t), s.Connect(t)}
	standStill(t, s, 20)
	all[0].Text("go")
	got := make(chan int)
	for _, c := range all {
		go func() {
			n := 0
			c.Skim(func(data []byte) error { n += len(data); return nil })
			got <- n
		}()
	}
	for range all {
		if n := <-got; n != total {
			t.Errorf("a viewer had %d of %d bytes", n, total)
		}
	}
	limitMemory(t, s, "a line of 200 MiB, 3 who read and 20 who do not", 128*mib)
}

// What processes have said that have ended is kept for those who come back, but not
// without a limit: which URLs there are is the clients' choice.
func TestMemoryOfTheEnded(t *testing.T) {
	t.Parallel()
	const urls = 150
	file := filepath.Join(t.TempDir(), "1MB")
	if err := os.WriteFile(file, []byte(strings.Repeat(strings.Repeat("x", 999)+"\n", 1000)), 0o644); err != nil {
		t.Fatal(err)
	}
	s := startPlain(t, "--maxforks=10", "cat", file)
	for i := range urls {
		r := harness.Get(fmt.Sprintf("/%d?wait=1s", i)).Add("Accept", "application/json")
		harness.Until(t, "there is a place for another URL", func() bool { return s.Ask(t, r).Status() == http.StatusOK })
	}
	limitMemory(t, s, "150 URLs of 1 MB, --maxforks=10", 96*mib)
}
