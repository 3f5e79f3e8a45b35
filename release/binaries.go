package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// mostBytes is the largest size of a binary: whatever makes it larger is to be noticed. If all grow by
// more than a MiB at once, something calls methods by their names (see readGrammar in internal/cli):
// go build -ldflags=-dumpdep marks what does with <ReflectMethod>.
const mostBytes = 16 << 20

// buildBinaries builds every target's binary.
func buildBinaries(s settings) error {
	if err := os.RemoveAll(s.Out); err != nil {
		return err
	}
	for _, t := range s.Targets {
		if err := s.build(t); err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
		info, err := os.Stat(s.binary(t))
		if err != nil {
			return err
		}
		fmt.Printf("release: %-14s %5.2f MiB\n", t, float64(info.Size())/(1<<20))
		if info.Size() > mostBytes {
			return fmt.Errorf("%s: %d bytes, %d at most", t, info.Size(), mostBytes)
		}
	}
	return nil
}

// build builds one binary. In a checkout the compiler notes commit and date, and whether the
// sources differ from it.
func (s settings) build(t target) error {
	if err := os.MkdirAll(filepath.Dir(s.binary(t)), 0o755); err != nil {
		return err
	}
	build := exec.Command("go", "build", "-trimpath", "-buildvcs="+strconv.FormatBool(s.Commit != ""), "-ldflags="+s.linkerFlags(), "-o", s.binary(t), ".")
	build.Dir = s.Root
	build.Env = append(os.Environ(), append(t.env(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")...)
	build.Stdout, build.Stderr = os.Stdout, os.Stderr
	return build.Run()
}

// linkerFlags returns what is left out of a binary, and what is put in.
func (s settings) linkerFlags() string {
	info := s.Date.Format(time.RFC3339)
	if s.Commit != "" {
		info = s.Commit + "," + info
	}
	return fmt.Sprintf("-s -w -buildid= -X main.version=%s -X main.buildinfo=%s", s.Version, info)
}
