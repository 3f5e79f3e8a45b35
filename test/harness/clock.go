package harness

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// clock counts the time of a quiet machine: while ten want to run on two
// processors, a second is a fifth of one. What a test waits for is then not late
// because somebody else compiles.
type clock struct {
	passed time.Duration
	last   time.Time
}

// longestTick is what counts at most from one look at the clock to the next, for
// whoever looks is also late on a busy machine.
const longestTick = 200 * time.Millisecond

func newClock() clock { return clock{last: time.Now()} }

// tick returns what has passed until now. It wants to be called often.
func (c *clock) tick() time.Duration {
	now := time.Now()
	c.passed += time.Duration(float64(min(now.Sub(c.last), longestTick)) * share())
	c.last = now
	return c.passed
}

// share returns which part of a processor each of those gets who want one now.
func share() float64 { return min(1, float64(runtime.NumCPU())/float64(runnable())) }

// looked is how many threads wanted to run lately: many goroutines ask at once.
var looked struct {
	sync.Mutex
	at       time.Time
	runnable int
}

// runnable returns how many threads of the machine run or could; see proc_loadavg(5).
// Package process counts them, too, with a limit that is right for a server: a test must
// not fail when that is wrong, nor where more than ten want each processor.
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
