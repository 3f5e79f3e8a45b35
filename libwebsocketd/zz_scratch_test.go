package libwebsocketd

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http/httptest"
	"sync"
	"testing"
)

func BenchmarkChurn(b *testing.B) {
	s, err := New(Config{Command: []string{"/bin/echo", "hello"}})
	if err != nil {
		b.Fatal(err)
	}
	hs := httptest.NewServer(s)
	addr := hs.Listener.Addr().String()
	var wg sync.WaitGroup
	ch := make(chan struct{})
	for range 10 {
		wg.Go(func() {
			for range ch {
				c, err := net.Dial("tcp", addr)
				if err != nil {
					b.Error(err)
					return
				}
				io.WriteString(c, "GET / HTTP/1.1\r\nHost: "+addr+"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
				r := bufio.NewReader(c)
				for {
					l, err := r.ReadString('\n')
					if err != nil || l == "\r\n" {
						break
					}
				}
				io.ReadAll(r)
				c.Close()
			}
		})
	}
	b.ReportAllocs()
	for b.Loop() {
		ch <- struct{}{}
	}
	close(ch)
	wg.Wait()
	s.Shutdown(context.Background())
	hs.Close()
}
