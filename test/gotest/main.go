// Command gotest runs `go test -json` in the given modules and prints what a
// reader wants to see of it: the result of every test, everything a failed
// test said, the measured numbers, and last of all every skip. It fails if a
// test failed, or if a skip is for something that the file -skips does not list.
//
//	gotest -skips=skips.txt DIR... -- [go test flags]
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

func main() {
	skips := flag.String("skips", "skips.txt", "file with what skips are allowed for, one `TOOL` or PACKAGE/TEST a line; * is any part between slashes")
	flag.Parse()
	dirs, testFlags := split(flag.Args())
	start := time.Now()
	r := newReport(os.Stdout)
	failed := false
	for _, dir := range dirs {
		fmt.Printf("=== module in %s: go test %s ./...\n", dir, strings.Join(testFlags, " "))
		if err := run(r, dir, testFlags); err != nil {
			fmt.Printf("FAIL: module in %s: %v\n", dir, err)
			failed = true
		}
	}
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

func split(args []string) (dirs, flags []string) {
	if i := slices.Index(args, "--"); i >= 0 {
		return args[:i], args[i+1:]
	}
	return args, nil
}

func run(r *report, dir string, flags []string) error {
	cmd := exec.Command("go", append(append([]string{"test", "-json"}, flags...), "./...")...)
	cmd.Dir = dir
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
