package libwebsocketd

import (
	"net/http"

	"websocketd/libwebsocketd/internal/text"
)

// Accepts reports whether the client names a media type (RFC 9110 section 12.5.1).
// Who takes anything, as most do, has not asked for it.
func Accepts(r *http.Request, mediaType string) bool {
	return text.Accepts(r.Header.Values("Accept"), mediaType)
}
