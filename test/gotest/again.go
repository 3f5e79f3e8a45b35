package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// alone returns the tests to be run once more, each of them once: those of failed parts are whole
// tests. It returns none if one has not ended, for nobody knows what else has not been run.
func (r *report) alone() (all []failure) {
	for _, f := range r.failures {
		if f.broken {
			return nil
		}
		f.test, _, _ = strings.Cut(f.test, "/")
		if !slices.ContainsFunc(all, func(other failure) bool { return other.name() == f.name() }) {
			all = append(all, f)
		}
	}
	return all
}

// passAlone runs tests one by one, and reports whether all of them pass.
func passAlone(tests []failure) bool {
	ok := true
	for _, f := range tests {
		out := newReport(io.Discard)
		m := f.module
		m.flags = append(slices.DeleteFunc(slices.Clone(m.flags), isPackage), "-run=^"+f.test+"$")
		m.packages = []string{f.pkg}
		if err := m.test(out); err != nil || out.passed == 0 {
			ok = false
			fmt.Printf("=== FAILS ALONE, TOO: %s\n", f.name())
			continue
		}
		fmt.Printf("=== PASSES ALONE, and failed beside other tests: %s\n", f.name())
	}
	return ok
}

// isPackage reports whether an argument of go test names a package.
func isPackage(arg string) bool { return !strings.HasPrefix(arg, "-") }
