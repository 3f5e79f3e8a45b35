package harness

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
)

// T is the part of *testing.T that checks need. A [Probe] is the other
// implementation: it lets a check fail without failing the test.
type T interface {
	Helper()
	Name() string
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
	Cleanup(func())
	TempDir() string
	Failed() bool
}

// Probe runs a check whose failure is a result and not an error.
type Probe struct {
	name string

	mu       sync.Mutex
	lines    []string
	failed   bool
	cleanups []func()
}

// RunProbe runs check in a goroutine, and waits for it and its cleanups. It returns
// the first failure, or nil if the check passed.
func RunProbe(name string, check func(T)) (failure error) {
	p := &Probe{name: name}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer p.finish()
		check(p)
	}()
	<-done
	if !p.failed {
		return nil
	}
	return fmt.Errorf("%s", p.lines[0])
}

func (p *Probe) finish() {
	for len(p.cleanups) > 0 {
		last := p.cleanups[len(p.cleanups)-1]
		p.cleanups = p.cleanups[:len(p.cleanups)-1]
		last()
	}
}

func (p *Probe) Helper()             {}
func (p *Probe) Name() string        { return p.name }
func (p *Probe) Logf(string, ...any) {}
func (p *Probe) Failed() bool        { p.mu.Lock(); defer p.mu.Unlock(); return p.failed }
func (p *Probe) Cleanup(f func())    { p.cleanups = append(p.cleanups, f) }

// Patience returns a short time: a probe is expected to wait in vain.
func (p *Probe) Patience() time.Duration { return 5 * time.Second }

func (p *Probe) Errorf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed = true
	line, _, _ := strings.Cut(fmt.Sprintf(format, args...), "\n")
	p.lines = append(p.lines, line)
}

func (p *Probe) Fatalf(format string, args ...any) {
	p.Errorf(format, args...)
	runtime.Goexit()
}

// Skipf fails the probe: a row that could not be tried has not been shown.
func (p *Probe) Skipf(format string, args ...any) { p.Fatalf("skipped: "+format, args...) }

func (p *Probe) TempDir() string {
	dir, err := os.MkdirTemp(scratch(), "probe-")
	if err != nil {
		p.Fatalf("%v", err)
	}
	p.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
