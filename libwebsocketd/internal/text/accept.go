package text

import (
	"mime"
	"strconv"
	"strings"
)

// Accepts reports whether the lines of an Accept header name a media type, with a weight that is
// not 0 (RFC 9110 section 12.5.1). A client that takes anything, as most do, has not asked for it.
func Accepts(lines []string, mediaType string) bool {
	for _, line := range lines {
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
