package bridgetest

import (
	"io"

	"websocketd/libwebsocketd/internal/readbuf"
)

// Again is a source without an end.
type Again struct{ Text []byte }

// ReadInto implements source.
func (a Again) ReadInto(in *readbuf.Buffer) (int, error) {
	return copy(in.Space(), a.Text), nil
}

// Eager reads into the room at once, as a descriptor does when there is something.
type Eager struct{ R io.Reader }

// ReadInto implements source.
func (e Eager) ReadInto(in *readbuf.Buffer) (int, error) { return e.R.Read(in.Space()) }
