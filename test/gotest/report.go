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

// report collects events, of several modules at once. The output of a test is kept until
// its result is known, and printed if it failed.
type report struct {
	mu       sync.Mutex
	w        io.Writer
	said     map[string][]string
	passed   int
	failures []string
	skips    []skip
}

func newReport(w io.Writer) *report { return &report{w: w, said: map[string][]string{}} }

func (r *report) read(from io.Reader) error {
	in := bufio.NewReader(from)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			r.line(line)
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
func (r *report) line(text []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var e event
	if json.Unmarshal(text, &e) == nil {
		r.add(e)
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

func (r *report) add(e event) {
	switch {
	case e.Action == "build-output", e.Action == "output" && e.Test == "":
		if e.Output != "PASS\n" {
			io.WriteString(r.w, e.Output)
		}
	case e.Action == "output":
		r.output(e)
	case e.Test == "" && e.Action == "fail":
		r.unfinished(e.Package)
	case e.Test == "":
	case e.Action == "pass":
		r.passed++
		delete(r.said, e.name())
	case e.Action == "fail":
		r.failures = append(r.failures, e.name())
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

// unfinished counts the tests of a package that have said something and not ended as failed,
// with what they said: the package ran out of time, or panicked.
func (r *report) unfinished(pkg string) {
	for _, name := range slices.Sorted(maps.Keys(r.said)) {
		if !strings.HasPrefix(name, pkg+"/Test") && !strings.HasPrefix(name, pkg+"/Fuzz") {
			continue
		}
		fmt.Fprintf(r.w, "--- UNFINISHED: %s\n", name)
		r.add(event{Action: "fail", Package: pkg, Test: strings.TrimPrefix(name, pkg+"/")})
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
