package ws

import (
	"bytes"
	"slices"
	"testing"

	"websocketd/libwebsocketd/bridge"
)

// TestDeliver: gorilla's client reads the messages of a chunk, after those that are
// skipped; a note is a text message.
func TestDeliver(t *testing.T) {
	t.Parallel()
	p := pipePair(t)
	client := p.endpoint(t, Options{MaxMessage: 1, PingInterval: -1})
	var batch []bridge.Message
	for i, n := range []int{0, 1, 125, 126, 127, 65535, 65536, 100000} {
		batch = append(batch, bridge.Message{Kind: bridge.Text, Data: bytes.Repeat([]byte{'a' + byte(i)}, n)})
	}
	c := bridge.NewChunk(batch)
	told := make(chan error, 1)
	go func() {
		err := client.Deliver([]bridge.Delivery{{Chunk: c, First: 1}, {Note: &bridge.Note{From: 3, To: 7}, First: 8}})
		if err == nil {
			err = client.Deliver([]bridge.Delivery{{Chunk: c, First: 6, Skip: 2}, {Note: &bridge.Note{Restarted: "exit status 1"}}})
		}
		told <- err
	}()
	var want []string
	for _, m := range slices.Concat(batch, []bridge.Message{{Data: []byte("[websocketd: 5 messages dropped]")}}, batch[2:]) {
		want = append(want, string(m.Data))
	}
	bytes := int64(0)
	for i, w := range append(want, "[websocketd: restarted after exit status 1]") {
		_, got, err := p.client.ReadMessage()
		if err != nil || string(got) != w {
			t.Fatalf("message %d: %.20q of %d bytes, %v; want %.20q of %d", i, got, len(got), err, w, len(w))
		}
		bytes += int64(len(got))
	}
	if err := <-told; err != nil {
		t.Error(err)
	}
	if n, _ := client.BytesAcked(); n < bytes {
		t.Errorf("the client has taken %d bytes of %d", n, bytes)
	}
}
