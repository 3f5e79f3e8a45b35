package session

import (
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// TestEchoOfMuch: a client that sends much more than the history has gets all of it back.
// Its pongs stand behind its messages, which the program does not take while its own output
// waits to be confirmed.
func TestEchoOfMuch(t *testing.T) {
	t.Parallel()
	s := serve(t, "exec cat", Lifetime{History: 64 << 10})
	c := s.browser().dial("/")
	const lines = 4000
	padding := strings.Repeat("x", 1000)
	go func() {
		for n := range lines {
			if c.WriteMessage(websocket.TextMessage, []byte(strconv.Itoa(n)+padding)) != nil {
				return
			}
		}
	}()
	for n := range lines {
		reads(t, c, strconv.Itoa(n)+padding)
	}
}
