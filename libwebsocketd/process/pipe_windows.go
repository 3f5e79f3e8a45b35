package process

import (
	"io"
	"os"
)

func newOutputPipe() (ours, childs *os.File, err error) { return os.Pipe() }

func newInputPipe() (childs *os.File, ours io.WriteCloser, err error) {
	childs, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err // not a nil *os.File in ours
	}
	return childs, w, nil
}
