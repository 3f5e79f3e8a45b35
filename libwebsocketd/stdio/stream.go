package stdio

import (
	"context"
	"io"
	"sync"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/logging"
)

// Stream is two streams of bytes as one side of a conversation, such as the standard input
// and output of this process: what comes from one is received as messages, and what is
// sent is written to the other, both in a Framing.
type Stream struct {
	from   io.Closer
	output output
	input  input
	ctx    context.Context
	cancel context.CancelCauseFunc
	once   sync.Once
}

// NewStream returns a Stream that reads from and writes to to. The Close of from must end a
// Read that waits; a Reader does. Of the Options it needs Framing, Newlines, Binary, MaxLine
// and Log. When ctx is done its Context is done too.
func NewStream(ctx context.Context, from io.ReadCloser, to io.Writer, o Options) *Stream {
	s := &Stream{from: from, input: inputTo(to, &o)}
	source, ok := from.(readbuf.Source)
	if !ok {
		source = readbuf.NewSource(from)
	}
	s.output = outputOf(source, &o, func() {
		logging.At(o.Log, logging.LevelError, "stdin", "a line of the input is longer than --maxline and is sent in pieces", "maxline", o.MaxLine)
	}, func(line []byte) {
		logging.At(o.Log, logging.LevelError, "stdin", "this line of the input is no message and is not sent: "+string(line))
	})
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	return s
}

// Receive returns messages from the stream that is read. Its error is io.EOF at the end of
// it, and a *bridge.BrokenError where it is no message of its framing.
func (s *Stream) Receive() ([]bridge.Message, error) {
	batch, err := s.output.Next()
	if err == errCutOff {
		err = &bridge.BrokenError{Reason: "input ended inside a message"}
	}
	if err != nil && err != io.EOF {
		s.cancel(err)
	}
	return batch, err
}

// Send writes messages in as few writes as possible. A Close does not end a write that
// waits.
func (s *Stream) Send(batch []bridge.Message) error {
	err := s.input.Send(batch)
	if err != nil {
		s.cancel(err)
	}
	return err
}

// Fail ends the conversation because of err, as a failed Send does.
func (s *Stream) Fail(err error) { s.cancel(err) }

// CloseSend ends a Receive that waits: there is nobody left to receive for. What is written
// to stays open.
func (s *Stream) CloseSend(error) error { return s.stop() }

// Context returns a context that is done when a stream has failed, and after Close.
func (s *Stream) Context() context.Context { return s.ctx }

// Close ends a Receive that waits.
func (s *Stream) Close() error {
	s.cancel(context.Canceled)
	return s.stop()
}

func (s *Stream) stop() (err error) {
	s.once.Do(func() { err = s.from.Close() })
	return err
}
