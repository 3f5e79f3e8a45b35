package bridgetest

import (
	"strings"

	"websocketd/libwebsocketd/bridge"
)

// Text returns the messages of a batch, joined by +.
func Text(batch []bridge.Message) string {
	var words []string
	for _, m := range batch {
		words = append(words, string(m.Data))
	}
	return strings.Join(words, "+")
}

// Say returns a batch of text messages.
func Say(words ...string) (batch []bridge.Message) {
	for _, w := range words {
		batch = append(batch, bridge.Message{Kind: bridge.Text, Data: []byte(w)})
	}
	return batch
}
