package exchange

import "net/http"

// EventStream is the media type of server-sent events (HTML section 9.2).
const EventStream = "text/event-stream"

// Streams says in a header that the answer comes bit by bit: those between us and the client are to
// pass it on as it comes, not to keep it, and not to wait for all of it in order to compress it.
// What the header has already stays.
func Streams(h http.Header, contentType string) {
	for name, value := range map[string]string{"Content-Type": contentType, "Cache-Control": "no-store, no-transform",
		"X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"} {
		if h.Get(name) == "" {
			h.Set(name, value)
		}
	}
}
