package autocert

import (
	"errors"
	"net/netip"
	"strings"
)

const (
	longestName  = 253 // RFC 1035 section 2.3.4
	longestLabel = 63
)

// CheckName returns why no certificate can be issued for a name, or nil.
func CheckName(name string) error {
	switch _, err := netip.ParseAddr(strings.Trim(name, "[]")); {
	case err == nil:
		return errors.New("is an address, and certificates are for names")
	case strings.Contains(name, "*"):
		return errors.New("stands for many names, and a proof of these is not given here: list them, or have it issued by another program, for --sslcert")
	case strings.Contains(name, ":"):
		return errors.New("must be a name alone, without scheme and port")
	case name == "" || len(name) > longestName:
		return errors.New("must be a host name")
	}
	for label := range strings.SplitSeq(name, ".") {
		if !isLabel(label) {
			return errors.New("must be a host name of letters, digits, hyphens and dots; others are written as xn--")
		}
	}
	return nil
}

// isLabel reports whether a part of a name between dots is one (RFC 1123 section 2.1).
func isLabel(label string) bool {
	if label == "" || len(label) > longestLabel || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	return !strings.ContainsFunc(label, func(r rune) bool {
		return !('0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || r == '-')
	})
}

// normal returns a name as all its spellings have it.
func normal(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
