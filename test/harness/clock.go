package harness

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// clock counts the time of a quiet machine: while ten threads want to run on two
// processors, a second counts as a fifth of one. So what a test waits for is not late
// because another process compiles.
type clock struct {
	passed time.Duration
	last   time.Time
}

// longestTick limits what counts from one look at the clock to the next, because on a
// busy machine the look itself is late.
const longestTick = 200 * time.Millisecond

func newClock() clock { return clock{last: time.Now()} }

// tick returns the time counted until now. It must be called often.
func (c *clock) tick() time.Duration {
	now := time.Now()
	c.passed += time.Duration(float64(min(now.Sub(c.last), longestTick)) * share())
	c.last = now
	return c.passed
}

// share returns which part of a processor each thread gets that wants one now.
func share() float64 { return min(1, float64(runtime.NumCPU())/float64(runnable())) }

// looked caches how many threads wanted to run: many goroutines ask at once.
var looked struct {
	sync.Mutex
	at       time.Time
	runnable int
}

// runnable returns how many threads of the machine run or could run; see
// proc_loadavg(5). Package process counts them too, with a limit that is right for a
// server. A test must not fail when that is wrong, nor where more than ten threads
// want each processor.
func runnable() int {
	looked.Lock()
	defer looked.Unlock()
	if now := time.Now(); now.Sub(looked.at) > longestTick/10 {
		looked.at, looked.runnable = now, max(1, readRunnable())
	}
	return looked.runnable
}

func readRunnable() int {
	text, _ := os.ReadFile("/proc/loadavg")
	fields := bytes.Fields(text)
	if len(fields) < 4 {
		return 0
	}
	n, _, _ := bytes.Cut(fields[3], []byte("/"))
	count, _ := strconv.Atoi(string(n))
	return count
}
