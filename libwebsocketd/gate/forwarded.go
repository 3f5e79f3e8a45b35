package gate

import (
	"iter"
	"net/http"
	"net/netip"
	"strings"

	"websocketd/libwebsocketd/internal/text"
)

// hop is what one proxy says of whoever was connected to it.
type hop struct {
	addr         netip.Addr // not valid if it is hidden, or cannot be read
	secure, told bool       // whether it spoke TLS, and whether that is said at all
}

// hops returns what the proxies on the way of a request have said, the last one first. The
// name of the header must be canonical.
func hops(header http.Header, name string) iter.Seq[hop] {
	if name == forwarded {
		return forwardedHops(header)
	}
	return listedHops(header, name)
}

// listedHops reads addresses from the one header and protocols from X-Forwarded-Proto, place
// by place. Proxies mostly add to the first and replace the second: where there are fewer
// protocols than addresses, the left-most one goes for the rest.
func listedHops(header http.Header, name string) iter.Seq[hop] {
	return func(yield func(hop) bool) {
		addrs, protos := newFromRight(header, name), newFromRight(header, forwardedProto)
		for first := true; ; first = false {
			node, hasNode := addrs.next()
			proto, hasProto := protos.next()
			if !hasNode && !(first && hasProto) {
				return
			}
			var h hop
			h.addr = parseNode(node, true)
			h.secure, h.told = isHTTPS(proto)
			if !yield(h) {
				return
			}
		}
	}
}

// forwardedHops reads the header Forwarded.
func forwardedHops(header http.Header) iter.Seq[hop] {
	return func(yield func(hop) bool) {
		elements := newFromRight(header, forwarded)
		for {
			element, ok := elements.next()
			if !ok || !yield(parseForwarded(element)) {
				return
			}
		}
	}
}

// fromRight reads a header that is a list from the right, because there the trusted proxies
// write: what was written further left, such as a quote that nobody closes, cannot change how
// their words are read.
type fromRight struct{ rest string }

func newFromRight(header http.Header, name string) *fromRight {
	return &fromRight{strings.Join(header[name], ",")}
}

// next returns the last element that is not empty, and removes it.
func (l *fromRight) next() (element string, ok bool) {
	for l.rest != "" {
		at := lastComma(l.rest)
		element = strings.Trim(l.rest[at+1:], " \t")
		l.rest = l.rest[:max(at, 0)]
		if element != "" {
			return element, true
		}
	}
	return "", false
}

// lastComma returns where the last comma is that stands in no quoted string (RFC 9110
// section 5.6.4), -1 if there is none.
func lastComma(list string) int {
	quoted := false
	for i := len(list) - 1; i >= 0; i-- {
		switch {
		case list[i] == ',' && !quoted:
			return i
		case list[i] == '"' && !(quoted && isEscaped(list[:i])):
			quoted = !quoted
		}
	}
	return -1
}

// isEscaped reports whether a backslash that is not escaped itself ends s.
func isEscaped(s string) bool {
	return (len(s)-len(strings.TrimRight(s, `\`)))%2 == 1
}

// parseForwarded parses an element of the header Forwarded (RFC 7239 section 4). It allows
// blanks around the semicolons, as the RFC's own examples have. One that cannot be read
// tells nothing.
func parseForwarded(element string) (h hop) {
	seen := make(map[string]bool, 4) // in lower case
	for rest := element; rest != ""; rest = strings.TrimLeft(rest, " \t") {
		if rest[0] == ';' {
			rest = rest[1:]
			continue
		}
		name, after, ok := strings.Cut(rest, "=")
		value, after, readable := cutValue(after)
		after = strings.TrimLeft(after, " \t")
		lower := strings.ToLower(name)
		if !ok || !readable || !text.IsToken(name) || seen[lower] || after != "" && after[0] != ';' {
			return hop{}
		}
		seen[lower] = true
		switch lower {
		case "for":
			h.addr = parseNode(value, false)
		case "proto":
			h.secure, h.told = isHTTPS(value)
		}
		rest = after
	}
	return h
}

// cutValue removes a token or a quoted string from the front of s (RFC 9110 section 5.6).
func cutValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, "; \t")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], text.IsToken(s[:end])
	}
	var plain strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return plain.String(), s[i+1:], true
		case c == '\\' && i+1 < len(s):
			i++
		case c == '\\' || c < ' ' && c != '\t' || c == 0x7f:
			return "", "", false
		}
		plain.WriteByte(s[i])
	}
	return "", "", false
}

// parseNode returns the address of a node (RFC 7239 section 6). It is not valid for the
// word unknown, for hidden names, which begin with an underscore, and for what cannot be
// read. bare says that an IPv6 address may be without brackets, as in X-Forwarded-For.
func parseNode(node string, bare bool) netip.Addr {
	host, port, hasPort := node, "", false
	if strings.HasPrefix(node, "[") {
		var closed bool
		host, port, closed = strings.Cut(node[1:], "]")
		if hasPort = port != ""; !closed || !strings.Contains(host, ":") || hasPort && port[0] != ':' {
			return netip.Addr{}
		}
		port = strings.TrimPrefix(port, ":")
	} else if strings.Count(node, ":") == 1 {
		host, port, hasPort = strings.Cut(node, ":")
	} else if !bare && strings.Contains(node, ":") {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Zone() != "" || hasPort && !isNodePort(port) {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// isNodePort reports whether s is a number of up to five digits or a hidden name.
func isNodePort(s string) bool {
	if strings.HasPrefix(s, "_") {
		return text.IsToken(s)
	}
	return len(s) > 0 && len(s) <= 5 && strings.Trim(s, "0123456789") == ""
}
