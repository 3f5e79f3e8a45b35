package ctl

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// TestUpgradeTimeout: an upgrade that takes too long is told with the way out.
func TestUpgradeTimeout(t *testing.T) {
	m := http.NewServeMux()
	var calls atomic.Int64
	m.HandleFunc("POST /api/server/upgrade", func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			<-r.Context().Done()
			return
		}
		io.WriteString(w, `{"pid":7}`)
	})
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	o := Options{Verb: "upgrade", Address: Address{URL: server.URL}, Timeout: 2 * time.Second} // it must have come
	runs(t, o, "", 1, "", "websocketd ctl: not replaced after 2s, and the server goes on with it: websocketd ctl list shows which one it is, and --timeout=DURATION waits longer\n")
	o.Timeout = time.Minute
	runs(t, o, "", 0, "process 7 is the server now\n", "")
}
