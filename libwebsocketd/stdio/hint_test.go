//go:build unix

package stdio

import (
	"sync"
	"testing"

	"websocketd/libwebsocketd/bridge"
)

// TestHasDelivered: a program that has answered once keeps nothing in a buffer, also when
// whoever receives stays where it waits.
func TestHasDelivered(t *testing.T) {
	t.Parallel()
	p := start(t, Options{Hint: new(Hint)}, "read line; echo answer; read line")
	var receiving sync.WaitGroup
	answered := make(chan struct{})
	receiving.Go(func() { p.ReceiveEach(func([]bridge.Message) { close(answered) }) })
	if p.hasDelivered() {
		t.Error("it has printed before it was asked")
	}
	if err := p.Send([]bridge.Message{{Kind: bridge.Text, Data: []byte("question")}}); err != nil {
		t.Fatal(err)
	}
	<-answered
	if !p.hasDelivered() || !p.hint.known.Load() {
		t.Error("its answer is not known")
	}
	p.Close()
	receiving.Wait()
}
