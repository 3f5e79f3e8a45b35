// Command gotest runs `go test -json` in the given modules, all at once and each with its
// own flags: while the tests of one wait, those of another have the processors.
// It prints the result of every test, all output of failed tests, the measured
// numbers, and at the end every skip. It fails if a test failed, or if a skip is not
// allowed by the file -skips.
//
// With -again a test that has failed beside all the others gets a second chance alone, as long as
// only a few have. That it needed one is printed: it is a fault of the test, or of the product.
//
// After the flags of a module, packages may follow whose tests start first.
//
//	gotest -skips=skips.txt DIR [go test flags] [-- DIR [go test flags]]...
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	skips := flag.String("skips", "skips.txt", "file with what skips are allowed for, one `TOOL` or PACKAGE/TEST a line; * is any part between slashes")
	again := flag.Int("again", 0, "run up to `N` failed tests once more, one by one, when all others are over")
	flag.Parse()
	start := time.Now()
	r := newReport(os.Stdout)
	all := modules(flag.Args())
	failed := testAll(all, r)
	fmt.Printf("=== %d tests passed, %d failed, %d skipped, in %v\n",
		r.passed, len(r.failures), len(r.skips), time.Since(start).Round(time.Second))
	for _, f := range r.failures {
		fmt.Printf("--- FAIL: %s\n", f.name())
	}
	if alone := r.alone(); failed && len(alone) > 0 && len(alone) <= *again {
		failed = !passAlone(alone)
	}
	allowed, err := readAllowed(*skips)
	if err != nil {
		fmt.Println("FAIL:", err)
		failed = true
	}
	if unknown := r.printSkips(allowed); unknown > 0 {
		fmt.Printf("FAIL: %d skips are for nothing that %s lists\n", unknown, *skips)
		failed = true
	}
	if failed {
		os.Exit(1)
	}
}

// module is a directory with tests, and the flags go test runs them with.
type module struct {
	dir      string
	flags    []string // and packages whose tests start first
	packages []string // nil: all of them
}

// modules returns the modules named on the command line.
func modules(args []string) (all []module) {
	for len(args) > 0 {
		own := args
		if end := slices.Index(args, "--"); end >= 0 {
			own, args = args[:end], args[end+1:]
		} else {
			args = nil
		}
		if len(own) > 0 {
			all = append(all, module{dir: own[0], flags: own[1:]})
		}
	}
	return all
}

// testAll runs the tests of all modules, and reports whether some have failed.
func testAll(all []module, r *report) bool {
	var running sync.WaitGroup
	var failed atomic.Bool
	for _, m := range all {
		running.Go(func() {
			r.say("=== module in %s: go test %s ./...\n", m.dir, strings.Join(m.flags, " "))
			if err := m.test(r); err != nil {
				r.say("FAIL: module in %s: %v\n", m.dir, err)
				failed.Store(true)
			}
		})
	}
	running.Wait()
	return failed.Load()
}

// test runs the module's tests.
func (m module) test(r *report) error {
	packages := m.packages
	if packages == nil {
		packages = []string{"./..."}
	}
	cmd := exec.Command("go", slices.Concat([]string{"test", "-json"}, m.flags, packages)...)
	cmd.Dir = m.dir
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	readErr := r.read(out, m)
	if err := cmd.Wait(); err != nil {
		return err
	}
	return readErr
}
