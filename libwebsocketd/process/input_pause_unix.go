//go:build unix

package process

import (
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// adoptInput returns our end of the input of a process that another one has started.
func adoptInput(f *os.File) io.WriteCloser {
	if f == nil {
		return closedInput{}
	}
	return &input{fd: -1, file: f}
}

// pause ends a Write that waits, as if all were written; what was not is kept, and so is what is
// written from now on.
func (p *input) pause() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused = true
	if p.file != nil {
		p.file.SetWriteDeadline(time.Now())
	}
}

// unwritten returns what pause has kept, and forgets it.
func (p *input) unwritten() (rest []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rest, p.rest = p.rest, nil
	return rest
}

// resume ends pause.
func (p *input) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused = false
	if p.file != nil {
		p.file.SetWriteDeadline(time.Time{})
	}
}

// keep keeps what could not be written because of pause. It returns false if that is not why.
func (p *input) keep(b []byte, err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.paused || err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	p.rest = append(p.rest, slices.Clone(b)...)
	return true
}

// duplicate returns a duplicate of the descriptor that no child inherits.
func duplicate(fd uintptr) (*os.File, error) {
	d, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(d), "|"), nil
}

// Duplicate returns a duplicate of an open file that no child inherits. Unlike the file itself
// it is not made blocking by that, nor is the file.
func Duplicate(f *os.File) (dup *os.File, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	failed := raw.Control(func(fd uintptr) { dup, err = duplicate(fd) })
	return dup, errors.Join(failed, err)
}

// Renamed returns an open file under another name, and closes it.
func Renamed(f *os.File, name string) (*os.File, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	var dup int
	failed := raw.Control(func(fd uintptr) { dup, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) })
	f.Close()
	if err = errors.Join(failed, err); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(dup), name), nil
}

// duplicate returns a duplicate of the input, nil when it is closed.
func (p *input) duplicate() (*os.File, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return nil, nil
	case p.file != nil:
		return Duplicate(p.file)
	case p.fd >= 0:
		return duplicate(uintptr(p.fd))
	}
	return nil, nil
}

// PauseInput ends a Write to Stdin that waits, as if all were written. What was not is kept, and
// so is all that is written until ResumeInput.
func (p *Process) PauseInput() {
	if in, ok := p.Stdin.(*input); ok {
		in.pause()
	}
}

// Unwritten returns what PauseInput has kept. The caller has to see that it is written. Call it
// when nobody writes.
func (p *Process) Unwritten() []byte {
	in, ok := p.Stdin.(*input)
	if !ok {
		return nil
	}
	return in.unwritten()
}

// ResumeInput ends PauseInput.
func (p *Process) ResumeInput() {
	if in, ok := p.Stdin.(*input); ok {
		in.resume()
	}
}

// Duplicates returns duplicates of the process's files, for another process that takes it over:
// its input, nil if that is closed, its output, and its standard error, nil if it has no pipe.
func (p *Process) Duplicates() (files [3]*os.File, err error) {
	if in, ok := p.Stdin.(*input); ok {
		files[0], err = in.duplicate()
	}
	if err == nil {
		files[1], err = Duplicate(p.Stdout)
	}
	if err == nil && p.Stderr != nil {
		files[2], err = Duplicate(p.Stderr)
	}
	if err != nil {
		closeAll(files[:])
	}
	return files, err
}
