package main

import (
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

type skip struct{ name, reason string }

// allowed lists the skips that are allowed: for a tool that the machine lacks, in any
// test; or of a test, PACKAGE/TEST, for any reason.
type allowed struct {
	tools []string
	tests []string
}

// needs matches the message of harness.Need and harness.Skip. A tool may be a library
// of another, as node:ws is.
var needs = regexp.MustCompile(`skip: needs ([^ :]+)`)

func readAllowed(file string) (a allowed, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return a, err
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		switch {
		case len(f) == 0 || strings.HasPrefix(f[0], "#"):
		case !strings.Contains(f[0], "/"):
			a.tools = append(a.tools, f[0])
		default:
			if _, err := path.Match(f[0], ""); err != nil {
				return a, fmt.Errorf("%s: %q: %w", file, f[0], err)
			}
			a.tests = append(a.tests, f[0])
		}
	}
	return a, nil
}

func (a allowed) has(s skip) bool {
	if tool := needs.FindStringSubmatch(s.reason); tool != nil && slices.Contains(a.tools, tool[1]) {
		return true
	}
	return slices.ContainsFunc(a.tests, func(pattern string) bool {
		ok, _ := path.Match(pattern, s.name)
		return ok
	})
}

// printSkips prints every skip and returns how many were not allowed.
func (r *report) printSkips(a allowed) (unknown int) {
	if len(r.skips) == 0 {
		fmt.Fprintln(r.w, "=== skips: none")
		return 0
	}
	fmt.Fprintln(r.w, "=== skips:")
	for _, s := range r.skips {
		mark := ""
		if !a.has(s) {
			unknown++
			mark = "NOT LISTED "
		}
		io.WriteString(r.w, "    "+mark+s.name+": "+s.reason+"\n")
	}
	return unknown
}
