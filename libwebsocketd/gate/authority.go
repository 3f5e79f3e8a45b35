package gate

import (
	"net/netip"
	"strings"
)

// authority is a host and port, as in a Host header, an origin and an entry of a
// list: RFC 3986 3.2 without user-info. Two authorities mean the same host if and
// only if their host fields are equal.
type authority struct {
	host    string // lower case; an IPv6 address in its shortest form, without brackets
	port    string // digits as written, which may be none: RFC 3986 3.2.3 allows "a.com:"
	hasPort bool   // a colon was written
}

// parseAuthority parses "name", "name:port", "[ipv6]" and "[ipv6]:port"; ok is false
// for everything else, user-info included. A zone is refused too: it has a meaning
// only on the sender's machine (RFC 6874 1).
func parseAuthority(s string) (a authority, ok bool) {
	if strings.HasPrefix(s, "[") {
		return parseBracketed(s)
	}
	host, port, hasPort := strings.Cut(s, ":")
	if !isName(host) || !isDigits(port) {
		return authority{}, false
	}
	return authority{lower(host), port, hasPort}, true
}

// parseBracketed is parseAuthority for an IPv6 address. netip gives all spellings of
// an address one form, so that [0::1] becomes [::1].
func parseBracketed(s string) (a authority, ok bool) {
	inner, rest, closed := strings.Cut(s[1:], "]")
	addr, err := netip.ParseAddr(inner)
	if !closed || err != nil || !addr.Is6() || addr.Zone() != "" {
		return authority{}, false
	}
	port, hasPort := strings.CutPrefix(rest, ":")
	if !isDigits(port) || rest != "" && !hasPort {
		return authority{}, false
	}
	return authority{addr.String(), port, hasPort}, true
}

// parseLoose calls parseAuthority, but also accepts an IPv6 address without its
// brackets, as people write it; such an address has no port.
func parseLoose(s string) (a authority, ok bool) {
	if strings.Count(s, ":") > 1 && !strings.HasPrefix(s, "[") {
		s = "[" + s + "]"
	}
	return parseAuthority(s)
}

// name returns the host without the trailing dot that makes a name absolute: the same
// host in the domain name system, another string to a browser.
func (a authority) name() string { return strings.TrimSuffix(a.host, ".") }

// addr returns the address that the host literally is; it is not valid if the host is
// a name. An IPv4-mapped IPv6 address (RFC 4291 2.5.5.2) becomes that IPv4 address,
// because listening on one is listening on the other.
func (a authority) addr() netip.Addr {
	addr, _ := netip.ParseAddr(a.name())
	return addr.Unmap()
}

// portOr returns the port. When none is written it returns 443 if secure, else 80.
func (a authority) portOr(secure bool) string {
	switch {
	case a.hasPort:
		return a.port
	case secure:
		return "443"
	default:
		return "80"
	}
}

// text returns the host as it is written in a URL and in a flag.
func (a authority) text() string {
	if strings.Contains(a.host, ":") {
		return "[" + a.host + "]"
	}
	return a.host
}

// longestName limits the characters of a host name, not counting a trailing dot: RFC
// 1035 2.3.4 less the length bytes.
const longestName = 253

// isName reports whether s can be a host name or an IPv4 address: letters, digits,
// dots, hyphens and the underscores that real names have. Names in other scripts are
// sent in their ASCII form (RFC 6454 6.2, RFC 5890).
func isName(s string) bool {
	bare := strings.TrimSuffix(s, ".")
	return bare != "" && len(bare) <= longestName && !strings.ContainsFunc(bare, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) || c == '.' || c == '-' || c == '_')
	})
}

// lower returns s with A-Z in lower case and nothing else changed. Unicode folding
// would turn the Kelvin sign into k, and so make two names one.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func isDigits(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return !isDigit(c) })
}

func isDigit(c rune) bool { return c >= '0' && c <= '9' }
