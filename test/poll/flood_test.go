package poll

import (
	"io"
	"sync"
	"testing"

	"websocketd/test/harness"
)

// A program that prints as fast as it can, to many who listen to events, does not keep
// new clients out: each of them is answered while the others read.
func TestEventsFloodAndHandshakes(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.PlainBinary(t), "--shared", "yes")
	var reading sync.WaitGroup
	t.Cleanup(reading.Wait) // after the connections are closed
	for range 60 {
		c := s.Dial(t)
		c.Send(t, harness.Get("/").Add("Accept", "text/event-stream").String())
		reading.Go(func() { io.Copy(io.Discard, c.Conn) })
	}
	for range 5 {
		s.Connect(t).Close()
	}
}
