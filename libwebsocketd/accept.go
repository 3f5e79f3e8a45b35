package libwebsocketd

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// Accepts reports whether the client names a media type (RFC 9110 section 12.5.1).
// Who takes anything, as most do, has not asked for it.
func Accepts(r *http.Request, mediaType string) bool {
	for _, line := range r.Header.Values("Accept") {
		for item := range strings.SplitSeq(line, ",") {
			named, params, err := mime.ParseMediaType(item)
			if err == nil && named == mediaType && !isZero(params["q"]) {
				return true
			}
		}
	}
	return false
}

// isZero reports whether a weight says "not this one" (RFC 9110 section 12.4.2).
func isZero(weight string) bool {
	q, err := strconv.ParseFloat(weight, 64)
	return err == nil && q == 0
}
