package process

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

const (
	crowdLook = 100 * time.Millisecond // how long one look at the machine is used
	mostCrowd = 10                     // bounds how much a crowd can extend a wait
)

var crowd struct {
	mu     sync.Mutex
	looked time.Time
	value  float64
}

// Crowd returns how many threads of the machine want each of its processors: 1 when
// none has to wait for one, at most 10. Waits for a process that may run on the same
// machine are extended by this factor. It may be called at any rate, and
// concurrently.
//
// The count is that of one moment, and noisy. A clock calls it again for every short
// step, as package flow does for every tenth of a second. So a peak slows down one
// step and not a whole wait.
func Crowd() float64 {
	crowd.mu.Lock()
	defer crowd.mu.Unlock()
	if now := time.Now(); now.Sub(crowd.looked) >= crowdLook {
		crowd.looked, crowd.value = now, crowdOf(runnable(), online())
	}
	return crowd.value
}

func crowdOf(threads, processors int) float64 {
	return min(max(float64(threads)/float64(processors), 1), mostCrowd)
}

// online returns how many processors the machine has. This process may be limited to
// some of them, but the threads counted are those of all processes.
var online = sync.OnceValue(func() int {
	n := 0
	list, _ := os.ReadFile("/sys/devices/system/cpu/online") // as 0-3,5
	for part := range bytes.SplitSeq(bytes.TrimSpace(list), []byte(",")) {
		from, to, isRange := bytes.Cut(part, []byte("-"))
		if !isRange {
			to = from
		}
		first, err1 := strconv.Atoi(string(from))
		last, err2 := strconv.Atoi(string(to))
		if err1 == nil && err2 == nil && last >= first {
			n += last - first + 1
		}
	}
	return max(n, runtime.NumCPU())
})

// runnable returns how many threads run or could run, 0 if unknown; see
// proc_loadavg(5).
func runnable() int {
	text, _ := os.ReadFile("/proc/loadavg")
	fields := bytes.Fields(text)
	if len(fields) < 4 {
		return 0
	}
	count, _, _ := bytes.Cut(fields[3], []byte("/"))
	n, _ := strconv.Atoi(string(count))
	return n
}
