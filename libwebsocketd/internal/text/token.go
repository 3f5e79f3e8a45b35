package text

import "strings"

// IsToken reports whether s is a token, as the name of a header or of a subprotocol is,
// and so ASCII (RFC 9110 section 5.6.2).
func IsToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}
