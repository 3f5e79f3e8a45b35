// Command gotest runs `go test -json` in the given modules, all at once and each with its
// own flags: while the tests of one wait, those of another have the processors.
// It prints the result of every test, all output of failed tests, the measured
// numbers, and at the end every skip. It fails if a test failed, or if a skip is not
// allowed by the file -skips.
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
	flag.Parse()
	start := time.Now()
	r := newReport(os.Stdout)
	failed := testAll(modules(flag.Args()), r)
	fmt.Printf("=== %d tests passed, %d failed, %d skipped, in %v\n",
		r.passed, len(r.failures), len(r.skips), time.Since(start).Round(time.Second))
	for _, name := range r.failures {
		fmt.Printf("--- FAIL: %s\n", name)
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
	if failed || len(r.failures) > 0 {
		os.Exit(1)
	}
}

// module is a directory with tests, and the flags go test runs them with.
type module struct {
	dir   string
	flags []string
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
			all = append(all, module{own[0], own[1:]})
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
	cmd := exec.Command("go", append(append([]string{"test", "-json"}, m.flags...), "./...")...)
	cmd.Dir = m.dir
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	readErr := r.read(out)
	if err := cmd.Wait(); err != nil {
		return err
	}
	return readErr
}
