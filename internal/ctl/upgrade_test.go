package ctl

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestUpgradeTimeout: an upgrade that takes too long is told with the way out.
func TestUpgradeTimeout(t *testing.T) {
	m := http.NewServeMux()
	answers := make(chan string, 1)
	m.HandleFunc("POST /api/server/upgrade", func(w http.ResponseWriter, r *http.Request) {
		select {
		case answer := <-answers:
			io.WriteString(w, answer)
		case <-r.Context().Done():
		}
	})
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	o := Options{Verb: "upgrade", Address: Address{URL: server.URL}, Timeout: 50 * time.Millisecond}
	runs(t, o, "", 1, "", "websocketd ctl: not replaced after 50ms, and the server goes on with it: websocketd ctl list shows which one it is, and --timeout=DURATION waits longer\n")
	answers <- `{"pid":7}`
	o.Timeout = time.Minute
	runs(t, o, "", 0, "process 7 is the server now\n", "")
}
