package bridgetest

import (
	"io"

	"websocketd/libwebsocketd/internal/readbuf"
)

// Again is a source without an end.
type Again struct{ Text []byte }

// ReadInto implements readbuf.Source.
func (a Again) ReadInto(in *readbuf.Buffer) (int, error) {
	return copy(in.Space(), a.Text), nil
}

// Eager reads into the buffer at once, as a descriptor does that has something to read.
type Eager struct{ R io.Reader }

// ReadInto implements readbuf.Source.
func (e Eager) ReadInto(in *readbuf.Buffer) (int, error) { return e.R.Read(in.Space()) }
