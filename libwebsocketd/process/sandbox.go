package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Sandbox is what of the file system a process may reach (landlock(7), Linux only): what it may
// read and execute, and what it may write, change and remove as well, each a file or a directory
// with all below it. It may also read and execute its own program, and what the system's programs
// need: see package sandbox. It has no capabilities, and nothing that it
// executes gives it more rights (no_new_privs). From Linux
// 6.12 it signals nobody outside, nor connects to abstract sockets of others. The network, and
// sockets with a file, are not restricted, nor are mode and times of files that its user owns, and
// limits and priority of other processes of that user.
type Sandbox struct {
	Read, Write []string
}

// Clone returns a copy that shares nothing with s; that of nil is nil.
func (s *Sandbox) Clone() *Sandbox {
	if s == nil {
		return nil
	}
	return &Sandbox{Read: slices.Clone(s.Read), Write: slices.Clone(s.Write)}
}

// Absolute returns a copy in which relative paths are those of this process's directory.
func (s *Sandbox) Absolute() (*Sandbox, error) {
	clone := s.Clone()
	if s == nil {
		return nil, nil
	}
	for _, list := range [][]string{clone.Read, clone.Write} {
		for i := range list {
			path, err := filepath.Abs(list[i])
			if err != nil {
				return nil, err
			}
			list[i] = path
		}
	}
	return clone, nil
}

// check returns an error if this system has no sandboxes, or one of the paths is not there.
func (s *Sandbox) check() error {
	if s == nil {
		return nil
	}
	if err := checkSandbox(); err != nil {
		return err
	}
	for _, path := range slices.Concat(s.Read, s.Write) {
		if path == "" {
			return fmt.Errorf("a path of the sandbox is empty; take it out")
		}
		_, err := os.Stat(path)
		if at := (*fs.PathError)(nil); errors.As(err, &at) {
			return fmt.Errorf("the sandbox cannot have %s: %w", path, at.Err)
		}
	}
	return nil
}
