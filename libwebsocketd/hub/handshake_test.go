package hub

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestNoHandshake: what is no handshake, or a broken one, is told so in one sentence, as JSON where
// that is accepted, and which protocol is spoken here.
func TestNoHandshake(t *testing.T) {
	_, url := start(t, Options{})
	const connection, upgrade, version, key = "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
	for _, test := range []struct {
		method  string
		headers []string
		status  int
		says    string
	}{
		{"GET", nil, 426, "Upgrade: websocket"},
		{"GET", []string{connection, "Upgrade: h2c", version, key}, 426, "Upgrade: websocket"},
		{"GET", []string{upgrade, version, key}, 400, "Connection"},
		{"GET", []string{connection, upgrade, "Sec-WebSocket-Version: 8", key}, 426, "13"},
		{"GET", []string{connection, upgrade, version, "Sec-WebSocket-Key: x"}, 400, "Sec-WebSocket-Key"},
		{"POST", []string{connection, upgrade, version, key}, 405, "GET"},
	} {
		for _, accept := range []string{"*/*", "application/json"} {
			r, _ := http.NewRequest(test.method, "http"+strings.TrimPrefix(url, "ws"), nil)
			r.Header.Set("Accept", accept)
			for _, line := range test.headers {
				name, value, _ := strings.Cut(line, ": ")
				r.Header.Set(name, value)
			}
			answer, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			said, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			sentence := string(said)
			if accept == "application/json" {
				var told map[string]string
				if json.Unmarshal(said, &told) != nil || len(told) != 1 {
					t.Errorf("%v: %q", test.headers, said)
				}
				sentence = told["error"] + "\n"
			}
			if answer.StatusCode != test.status || strings.Count(sentence, "\n") != 1 || !strings.Contains(sentence, test.says) {
				t.Errorf("%s %v: %d, %q", test.method, test.headers, answer.StatusCode, said)
			}
			h := answer.Header
			if is := test.status == 426; is != (h.Get("Upgrade") == "websocket") || is != (h.Get("Sec-WebSocket-Version") == "13") || (test.status == 405) != (h.Get("Allow") == "GET") {
				t.Errorf("%s %v: %v", test.method, test.headers, h)
			}
		}
	}
}
