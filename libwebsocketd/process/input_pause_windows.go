package process

import (
	"errors"
	"io"
	"os"
)

func adoptInput(f *os.File) io.WriteCloser {
	if f == nil {
		return closedInput{}
	}
	return f
}

// Duplicate does not work on this system.
func Duplicate(*os.File) (*os.File, error) { return nil, errors.ErrUnsupported }

// PauseInput does nothing on this system, where no process is handed over.
func (p *Process) PauseInput() {}

// Unwritten returns nothing.
func (p *Process) Unwritten() []byte { return nil }

// ResumeInput does nothing.
func (p *Process) ResumeInput() {}

// Duplicates does not work on this system.
func (p *Process) Duplicates() (files [3]*os.File, err error) { return files, errors.ErrUnsupported }

// inputIsHeld returns false: a child gets only what it is given.
func (p *Process) inputIsHeld() bool { return false }
