package cli

import (
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/session"
)

// Bounds of what is logged about goroutines.
const (
	mostGoroutines = 50_000 // 256 bytes each, for a moment
	mostStacks     = 50     // lines
	mostFrames     = 12     // of a line
)

// stateLog logs what goes on in a server: SIGUSR1.
type stateLog struct {
	server   watched
	sessions *session.Registry
	since    time.Time
	log      *slog.Logger
}

// showStates calls show for each signal, also while the server stops, until the returned function is
// called, which waits no longer than statePatience.
func showStates(signals <-chan os.Signal, show func()) (end func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-quit:
				return
			case <-signals:
				show()
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(quit)
		patience := time.NewTimer(statePatience)
		defer patience.Stop()
		select {
		case <-done:
		case <-patience.C:
		}
	})
}

// statePatience limits how long the end of the command waits for what is being logged.
const statePatience = 100 * time.Millisecond

// write logs a line about the server, one about each program, and then where the goroutines are.
func (l stateLog) write() {
	conversations := l.server.Conversations()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	l.log.Info(fmt.Sprintf("State                       : process %d, up %s, %s, %s, %s, %s, %s, memory %.1f MB, of the heap %.1f MB",
		os.Getpid(), brief(time.Since(l.since).Round(time.Second)), counted(l.server.Activity().Connected, "connection"),
		counted(len(conversations), "client"), counted(l.server.Processes(), "process"), counted(l.sessions.Len(), "session"),
		counted(runtime.NumGoroutine(), "goroutine"), float64(memory.Sys-memory.HeapReleased)/1e6, float64(memory.HeapAlloc)/1e6))
	clients := map[string]int{}
	for _, c := range conversations {
		if !c.Nameless {
			clients[c.Program]++
		}
	}
	for _, p := range l.server.Programs() {
		l.log.Info("State of a program          : " + stateOf(p, clients[p.Name]))
	}
	for _, line := range goroutines() {
		l.log.Info("State of goroutines         : " + line)
	}
}

// stateOf returns what goes on in a program.
func stateOf(p libwebsocketd.ProgramInfo, clients int) string {
	name := p.Name
	if name == "" {
		name = filepath.Base(p.Command[0])
	}
	state := fmt.Sprintf("%s at %s, %s, %s, %s", name, p.Path, p.Lifetime, counted(clients, "client"), counted(p.Processes, "process"))
	if p.MaxProcesses > 0 {
		state += fmt.Sprintf(" of %d", p.MaxProcesses)
	}
	if p.Condition.State != "" {
		state += ", " + p.Condition.State
	}
	return state
}

// counted returns a number and the word for what it counts.
func counted(n int, word string) string {
	switch {
	case n == 1:
		return "1 " + word
	case strings.HasSuffix(word, "s"):
		word += "e"
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// goroutines returns where they are, the most frequent places first: how many, the function, its
// callers.
func goroutines() (lines []string) {
	records := make([]runtime.StackRecord, min(runtime.NumGoroutine()+64, mostGoroutines)) // some may be started meanwhile
	n, ok := runtime.GoroutineProfile(records)
	if !ok {
		return []string{fmt.Sprintf("%d, too many to tell where they are", n)}
	}
	counts := map[[len(records[0].Stack0)]uintptr]int{}
	for _, r := range records[:n] {
		counts[r.Stack0]++
	}
	stacks := slices.SortedFunc(maps.Keys(counts), func(a, b [len(records[0].Stack0)]uintptr) int { return counts[b] - counts[a] })
	for _, stack := range stacks[:min(len(stacks), mostStacks)] {
		record := runtime.StackRecord{Stack0: stack}
		lines = append(lines, fmt.Sprintf("%d in %s", counts[stack], callers(record.Stack())))
		n -= counts[stack]
	}
	if n > 0 {
		lines = append(lines, fmt.Sprintf("%d elsewhere", n))
	}
	return lines
}

// callers returns the functions of a stack, the innermost first, without those by which Go waits.
func callers(stack []uintptr) string {
	var all []string
	for frames := runtime.CallersFrames(stack); ; {
		frame, more := frames.Next()
		if f := frame.Function; f != "" && !strings.HasPrefix(f, "runtime.") && !strings.HasPrefix(f, "internal/poll.") {
			all = append(all, fmt.Sprintf("%s (%s:%d)", path.Base(f), filepath.Base(frame.File), frame.Line))
		}
		if !more || len(all) == mostFrames {
			return strings.Join(all, " < ")
		}
	}
}
