package client

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

// BenchmarkReceive measures a message over the loopback, in batches as a bridge takes them
// and one by one.
func BenchmarkReceive(b *testing.B) {
	for _, size := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("each/%d", size), func(b *testing.B) {
			receives(b, size, func(c *Conn, n int) {
				c.ReceiveEach(func(batch []bridge.Message) {
					if n -= len(batch); n <= 0 {
						b.StopTimer()
						c.CloseSend(nil)
					}
				})
			})
		})
		b.Run(fmt.Sprintf("read/%d", size), func(b *testing.B) {
			receives(b, size, func(c *Conn, n int) {
				for range n {
					if _, err := c.Read(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// receives has a client take b.N messages from a server that says the same for ever.
func receives(b *testing.B, size int, take func(c *Conn, n int)) {
	batch := slices.Repeat([]bridge.Message{{Kind: bridge.Text, Data: bytes.Repeat([]byte("x"), size)}}, max(1, 64<<10/size))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Upgrade(r.Context(), w, r, nil, ws.Options{Takes: bridge.Text})
		if err != nil {
			return
		}
		var receiving sync.WaitGroup
		receiving.Go(func() {
			for err := error(nil); err == nil; {
				_, err = c.Receive() // the close
			}
		})
		for c.Send(batch) == nil {
		}
		receiving.Wait()
		c.Close()
	}))
	defer s.Close()
	c, err := Dial(b.Context(), s.URL, &Options{NoResume: true})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	take(c, b.N)
	b.StopTimer()
	c.Close()
}
