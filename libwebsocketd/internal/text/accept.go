package text

import (
	"mime"
	"strconv"
	"strings"
)

// Accepts reports whether the lines of an Accept header name a media type, with a weight that is
// not 0 (RFC 9110 section 12.5.1). A client that takes anything, as most do, has not asked for it.
func Accepts(lines []string, mediaType string) bool { return Weight(lines, mediaType) > 0 }

// Weight returns the largest weight that the lines of an Accept header give a media type that they
// name (RFC 9110 section 12.4.2). It is 0 for one that they do not name.
func Weight(lines []string, mediaType string) (weight float64) {
	for _, line := range lines {
		for item := range strings.SplitSeq(line, ",") {
			named, params, err := mime.ParseMediaType(item)
			if err != nil || named != mediaType {
				continue
			}
			q, err := strconv.ParseFloat(params["q"], 64)
			if err != nil || !(q >= 0 && q <= 1) { // none, or one that is not understood
				q = 1
			}
			weight = max(weight, q)
		}
	}
	return weight
}
