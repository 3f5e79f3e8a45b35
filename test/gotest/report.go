package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
)

// event is one line of `go test -json`; see `go doc test2json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

func (e event) name() string { return e.Package + "/" + e.Test }

// failure is a test that has failed, of the module in a directory.
type failure struct {
	module    module
	pkg, test string
	broken    bool // it has not ended: its package ran out of time, or panicked
}

func (f failure) name() string { return f.pkg + "/" + f.test }

// report collects events, of several modules at once. The output of a test is kept until
// its result is known, and printed if it failed.
type report struct {
	mu       sync.Mutex
	w        io.Writer
	said     map[string][]string
	passed   int
	failures []failure
	skips    []skip
}

func newReport(w io.Writer) *report { return &report{w: w, said: map[string][]string{}} }

// read takes the output of a module's tests.
func (r *report) read(from io.Reader, of module) error {
	in := bufio.NewReader(from)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			r.line(line, of)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// line takes a line of `go test -json`.
func (r *report) line(text []byte, of module) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var e event
	if json.Unmarshal(text, &e) == nil {
		r.add(e, of)
	} else {
		r.w.Write(text) // a failure of the go command itself
	}
}

// say prints a line of our own.
func (r *report) say(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.w, format, args...)
}

func (r *report) add(e event, of module) {
	switch {
	case e.Action == "build-output", e.Action == "output" && e.Test == "":
		if e.Output != "PASS\n" {
			io.WriteString(r.w, e.Output)
		}
	case e.Action == "output":
		r.output(e)
	case e.Test == "" && e.Action == "fail":
		r.unfinished(e.Package, of)
	case e.Test == "":
	case e.Action == "pass":
		r.passed++
		delete(r.said, e.name())
	case e.Action == "fail", e.Action == unfinished:
		r.failures = append(r.failures, failure{of, e.Package, e.Test, e.Action == unfinished})
		for _, line := range r.said[e.name()] {
			io.WriteString(r.w, line)
		}
		delete(r.said, e.name())
	case e.Action == "skip" && isFuzzInput(e.Test): // input that the fuzz test skips as irrelevant
		delete(r.said, e.name())
	case e.Action == "skip":
		r.skips = append(r.skips, skip{e.name(), r.reason(e.name())})
		delete(r.said, e.name())
	}
}

// unfinished is the Action of a test that has not ended.
const unfinished = "unfinished"

// unfinished counts the tests of a package that have said something and not ended as failed,
// with what they said: the package ran out of time, or panicked.
func (r *report) unfinished(pkg string, of module) {
	for _, name := range slices.Sorted(maps.Keys(r.said)) {
		if !strings.HasPrefix(name, pkg+"/Test") && !strings.HasPrefix(name, pkg+"/Fuzz") {
			continue
		}
		fmt.Fprintf(r.w, "--- UNFINISHED: %s\n", name)
		r.add(event{Action: unfinished, Package: pkg, Test: strings.TrimPrefix(name, pkg+"/")}, of)
	}
	if !slices.ContainsFunc(r.failures, func(f failure) bool { return f.pkg == pkg }) { // it does not build, or leaves goroutines
		r.failures = append(r.failures, failure{of, pkg, "(all of it)", true})
	}
}

func isFuzzInput(test string) bool {
	return strings.HasPrefix(test, "Fuzz") && strings.Contains(test, "/")
}

func (r *report) output(e event) {
	text := strings.TrimSpace(e.Output)
	switch {
	case strings.HasPrefix(text, "--- "):
		io.WriteString(r.w, e.Output)
	case strings.HasPrefix(text, "=== "):
	default:
		if _, number, ok := strings.Cut(text, "measured: "); ok {
			fmt.Fprintf(r.w, "    measured: %s\n", number)
		}
		r.said[e.name()] = append(r.said[e.name()], e.Output)
	}
}

func (r *report) reason(name string) string {
	var b strings.Builder
	for _, line := range r.said[name] {
		b.WriteString(strings.TrimSpace(line) + " ")
	}
	return strings.TrimSpace(b.String())
}
