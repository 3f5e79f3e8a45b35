package text

import (
	"slices"
	"strings"
)

// IsToken reports whether s is a token, as the name of a header or of a subprotocol is,
// and so ASCII (RFC 9110 section 5.6.2).
func IsToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

// HasToken reports whether a list header contains a token, ignoring case.
func HasToken(lines []string, token string) bool {
	return slices.ContainsFunc(Tokens(lines), func(item string) bool {
		return strings.EqualFold(item, token) // Unicode folds no other pair of tokens than ASCII does
	})
}

// Tokens returns the items of a header that is a list of tokens, over all its lines
// (RFC 9110 section 5.6.1). It ignores the rest of a line from the first item that is
// no token, as gorilla/websocket does: what its author meant cannot be known.
func Tokens(lines []string) (items []string) {
	for _, line := range lines {
		for item := range strings.SplitSeq(line, ",") {
			if item = strings.Trim(item, " \t"); !IsToken(item) {
				break
			}
			items = append(items, item)
		}
	}
	return items
}
