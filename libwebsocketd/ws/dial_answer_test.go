package ws

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestDialRefused: the server's sentence is in the error, and nothing of a page.
func TestDialRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status           int
		kind, to, body   string
		reason, complete string
	}{
		{403, "text/plain; charset=utf-8", "", "403 Forbidden: Origin x is not allowed\n", "Origin x is not allowed", "403 Forbidden: Origin x is not allowed"},
		{503, "text/plain", "", "two\nlines", "two", "503 Service Unavailable: two"},
		{404, "text/html", "", "<h1>Not found</h1>", "", "404 Not Found"},
		{301, "text/html", "https://a.com/", "<a>", "the server leads to https://a.com/", "301 Moved Permanently: the server leads to https://a.com/"},
		{200, "text/html", "", strings.Repeat("x", 1<<20), "", "200 OK"},
		{403, "text/plain", "", "\"x\" is forged\x1b[2J\r\nline", "\"x\" is forged\ufffd[2J", "403 Forbidden: \"x\" is forged\ufffd[2J"},
	} {
		address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", test.kind)
			if test.to != "" {
				w.Header().Set("Location", test.to)
			}
			w.WriteHeader(test.status)
			io.WriteString(w, test.body)
		})
		_, err := Dial(t.Context(), address, DialOptions{})
		var refusal *Refusal
		if !errors.As(err, &refusal) || refusal.Status != test.status || refusal.Reason != test.reason || err.Error() != test.complete {
			t.Errorf("%d %q: %v, %+v", test.status, test.body, err, refusal)
		}
	}
}

// scripted answers every handshake with a head, whose %s is the right Sec-WebSocket-Accept,
// and with bytes in the same packet. Then it reads to the end.
func scripted(t *testing.T, head, bytes string) string {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if strings.Contains(head, "%s") {
			head = fmt.Sprintf(head, acceptKey(r.Header.Get("Sec-WebSocket-Key")))
		}
		io.WriteString(c, head+bytes)
		io.Copy(io.Discard, c)
	})
}

// TestDialAnswers: an answer that is not what was asked for is an error that says what is
// wrong with it.
func TestDialAnswers(t *testing.T) {
	t.Parallel()
	for head, want := range map[string]string{
		switching + "Sec-WebSocket-Protocol: x\r\n\r\n":         `the subprotocol "x", which was not offered`,
		switching + "Sec-WebSocket-Extensions: x-other\r\n\r\n": "extensions",
		strings.Replace(switching, "%s", "x", 1) + "\r\n":       "101, but no answer",
		"SSH-2.0-x\r\n\r\n": "malformed HTTP",
		switching + "X: " + strings.Repeat("x", 2*mostHead): "the head of the server's answer is over",
	} {
		_, err := Dial(t.Context(), scripted(t, head, ""), DialOptions{Protocols: []string{"y"}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", head, err, want)
		}
	}
}

// TestHeadReader: wherever reads end, the head is given first, and what follows is kept.
func TestHeadReader(t *testing.T) {
	t.Parallel()
	for _, head := range []string{"HTTP/1.1 101 X\r\nA: b\r\n\r\n", "HTTP/1.1 101 X\n\n"} {
		for size := 1; size <= len(head)+3; size++ {
			h := &headReader{Conn: inMemory{Reader: strings.NewReader(head + "\n\nrest")}}
			var got []byte
			for len(got) < len(head) {
				b := make([]byte, size)
				n, err := h.Read(b)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, b[:n]...)
			}
			ahead := string(h.ahead)
			rest, err := io.ReadAll(h)
			if string(got) != head || string(rest) != "\n\nrest" || !strings.HasPrefix("\n\nrest", ahead) || err != nil {
				t.Errorf("reads of %d: %q, and then %q, %v", size, got, rest, err)
			}
		}
	}
}
