package bridge

import (
	"context"
	"io"
	"testing"
)

// silent is an Endpoint without messages.
type silent struct{ ctx context.Context }

func (silent) Receive() ([]Message, error) { return nil, io.EOF }
func (silent) Send([]Message) error        { return nil }
func (silent) CloseSend(error) error       { return nil }
func (silent) Close() error                { return nil }
func (s silent) Context() context.Context  { return s.ctx }

// BenchmarkPipe measures a conversation without messages.
func BenchmarkPipe(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	near, far := &silent{ctx}, &silent{ctx}
	b.ReportAllocs()
	for b.Loop() {
		Pipe(near, far)
	}
}
