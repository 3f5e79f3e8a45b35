//go:build unix

package libwebsocketd

import (
	"sync"
	"testing"
)

// TestHasDelivered: a program that has answered once keeps nothing in a buffer, also when
// whoever receives stays where it waits.
func TestHasDelivered(t *testing.T) {
	t.Parallel()
	p := start(t, ProcessOptions{Hint: new(hint)}, "read line; echo answer; read line")
	var receiving sync.WaitGroup
	answered := make(chan struct{})
	receiving.Go(func() { p.receiveEach(func([]Message) { close(answered) }) })
	if p.hasDelivered() {
		t.Error("it has printed before it was asked")
	}
	if err := p.Send([]Message{{Kind: Text, Data: []byte("question")}}); err != nil {
		t.Fatal(err)
	}
	<-answered
	if !p.hasDelivered() || !p.hint.known.Load() {
		t.Error("its answer is not known")
	}
	p.Close()
	receiving.Wait()
}
