package credential

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/internal/paths"
)

const (
	fileLook = time.Second // how old the last look at a file may be

	// A file that changed so short a time before it was read may change again without
	// another size or time: file systems have clocks as coarse as this.
	fileSettles = 2 * time.Second
)

// Report is called with what is wrong with a file, while the file is used all the same: the
// old content of a broken one, or one that others can read.
type Report func(error)

// file is what a file says. It is read again on use when it has changed. If it cannot be
// read then, or has a fault, what it said before stays.
type file[T any] struct {
	name   string
	parse  func(data []byte) (T, error)
	report Report

	value atomic.Pointer[T]

	mu     sync.Mutex // held while somebody looks; the others use the old value
	looked time.Time
	seen   paths.Stamp
	sum    [sha256.Size]byte // of the content of value
	broken bool              // and reported
}

// openFile reads a file. The error names the file, and the line at fault.
func openFile[T any](name string, report Report, parse func(data []byte) (T, error)) (*file[T], error) {
	f := &file[T]{name: name, parse: parse, report: report}
	f.looked, f.seen = time.Now(), paths.StampOf(name)
	if err := f.read(); err != nil {
		return nil, err
	}
	return f, nil
}

// current returns what the file says. The pointer is another one only if its content is.
// The call may take as long as the file system does, but only for one caller at a time.
func (f *file[T]) current() *T {
	if f.mu.TryLock() {
		defer f.mu.Unlock()
		if now := time.Now(); now.Sub(f.looked) >= fileLook {
			f.look(now)
		}
	}
	return f.value.Load()
}

// look reads the file if it has changed.
func (f *file[T]) look(now time.Time) {
	seen := paths.StampOf(f.name)
	settled := f.seen.FileInfo == nil || f.looked.Sub(f.seen.ModTime()) > fileSettles
	unchanged := seen.Same(f.seen) && settled
	f.looked = now
	if unchanged {
		return
	}
	f.seen = seen
	err := f.read()
	if err != nil && !f.broken {
		f.report(fmt.Errorf("the changed file cannot be used, what it said before stays: %w", err))
	}
	f.broken = err != nil
}

// read sets the value to what the file says now.
func (f *file[T]) read() error {
	data, err := paths.ReadRegular(f.name)
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", f.name, paths.Cause(err))
	}
	sum := sha256.Sum256(data)
	if f.value.Load() != nil && sum == f.sum {
		return nil
	}
	value, err := f.parse(data)
	var at *faultyLine
	switch {
	case errors.As(err, &at):
		return fmt.Errorf("%s:%d: %w", f.name, at.line, at.error)
	case err != nil:
		return fmt.Errorf("%s: %w", f.name, err)
	}
	f.value.Store(&value)
	f.sum = sum
	return nil
}

// warnOfReaders reports that others can read a file of secrets.
func (f *file[T]) warnOfReaders() {
	if f.seen.OpenToOthers() {
		f.report(fmt.Errorf("%s has secrets in it, and other users of this machine can read it: chmod 600 %[1]s", f.name))
	}
}

// faultyLine is an error in a line of a file, from 1.
type faultyLine struct {
	line int
	error
}

// eachLine calls f with every line of a file that says something: not with blank ones, nor
// with those that begin with #. It returns the first error of f, with its line.
func eachLine(data []byte, f func(line string) error) error {
	n := 0
	for raw := range bytes.Lines(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		n++
		line := strings.Trim(string(raw), " \t\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if err := f(line); err != nil {
			return &faultyLine{line: n, error: err}
		}
	}
	return nil
}
