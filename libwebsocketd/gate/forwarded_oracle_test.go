package gate

import (
	"fmt"
	"regexp"
	"strings"
)

// This is Proxies a second time, for its fuzzer to compare with: written from RFC 7239 and
// the rules that NewProxies and Client tell. It knows regular expressions and addresses
// written as bits, and reads lists by looking for the shortest end that is an element.

const (
	reToken  = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
	reQuoted = `"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\.)*"`
	rePair   = `(` + reToken + `)=(` + reToken + `|` + reQuoted + `)[ \t]*`
	rePort   = "(?::(?:[0-9]{1,5}|_[!#$%&'*+.^_`|~0-9A-Za-z-]*))?"
)

var (
	oracleElement = regexp.MustCompile(`(?s)^[ \t;]*(?:` + rePair + `(?:;[ \t;]*` + rePair + `)*(?:;[ \t;]*)?)?$`)
	oraclePair    = regexp.MustCompile(`(?s)` + rePair)
	oracleNode4   = regexp.MustCompile(`^([0-9.]+)` + rePort + `$`)
	oracleNode6   = regexp.MustCompile(`^\[([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)\]` + rePort + `$`)
	oracleEscape  = regexp.MustCompile(`(?s)\\(.)`)
)

// oracleHop is what one place of the headers says: the bits of an address, "" for none, and
// a protocol.
type oracleHop struct{ bits, proto string }

// oracleClient returns the bits of the client's address and whether it speaks TLS; moved
// reports whether the headers have said another address than the peer's.
func oracleClient(header map[string][]string, name, peer string, unix, tls bool, trusted []string) (bits string, secure, moved, believed bool) {
	bits, secure = oracleBits(peer), tls
	if unix {
		bits = ""
	}
	if !oracleTrusts(trusted, bits, unix) {
		return bits, secure, false, false
	}
	for _, h := range oracleHops(header, name) {
		switch strings.ToUpper(h.proto) {
		case "HTTPS", "WSS":
			secure = true
		case "HTTP", "WS":
			secure = false
		}
		if h.bits == "" {
			break
		}
		bits, moved = h.bits, true
		if !oracleTrusts(trusted, bits, false) {
			break
		}
	}
	return bits, secure, moved, true
}

// oracleTrusts compares an address with a list, bit by bit.
func oracleTrusts(trusted []string, bits string, unix bool) bool {
	for _, entry := range trusted {
		entry = strings.TrimSpace(entry)
		if unix {
			if entry == "unix" {
				return true
			}
			continue
		}
		addr, length, isNet := strings.Cut(entry, "/")
		all, n := oracleRawBits(addr), 0
		if !isNet {
			n = len(all)
		} else if fmt.Sscanf(length, "%d", &n); n > len(all) {
			continue
		}
		if strings.HasPrefix(all, mappedBits) && n >= 96 {
			all, n = all[96:], n-96
		}
		if len(all) > 0 && len(all) == len(bits) && all[:n] == bits[:n] {
			return true
		}
	}
	return false
}

var mappedBits = strings.Repeat("0", 80) + strings.Repeat("1", 16)

// oracleBits returns an address as 32 or 128 digits, "" if it is none.
func oracleBits(s string) string { return strings.TrimPrefix(oracleRawBits(s), mappedBits) }

// oracleRawBits does not make IPv4 of the IPv6 address that stands for it.
func oracleRawBits(s string) (bits string) {
	if b, ok := oracleIPv4(s); ok {
		return fmt.Sprintf("%08b%08b%08b%08b", b[0], b[1], b[2], b[3])
	}
	full, ok := oracleIPv6(s)
	if !ok {
		return ""
	}
	for _, digit := range strings.Trim(full, "[]") {
		if digit != ':' {
			var n int
			fmt.Sscanf(string(digit), "%x", &n)
			bits += fmt.Sprintf("%04b", n)
		}
	}
	return bits
}

// oracleHops returns what the headers say, the right-most first, up to what cannot be read.
func oracleHops(header map[string][]string, name string) (hops []oracleHop) {
	if name == "Forwarded" {
		return oracleForwarded(strings.Join(header[name], ","))
	}
	addrs, protos := oracleList(header[name]), oracleList(header["X-Forwarded-Proto"])
	for i := range max(len(addrs), min(1, len(protos))) {
		var h oracleHop
		if i < len(addrs) {
			h.bits = oracleNode(addrs[i])
			if h.bits == "" && strings.Count(addrs[i], ":") > 1 {
				h.bits = oracleBits(addrs[i])
			}
		}
		if i < len(protos) {
			h.proto = protos[i]
		}
		hops = append(hops, h)
	}
	return hops
}

// oracleList returns the elements of a list without quotes, the last one first.
func oracleList(lines []string) (items []string) {
	for _, item := range strings.Split(strings.Join(lines, ","), ",") {
		if item = strings.Trim(item, " \t"); item != "" {
			items = append([]string{item}, items...)
		}
	}
	return items
}

// oracleForwarded takes elements from the end: each is the shortest that can be read.
func oracleForwarded(s string) (hops []oracleHop) {
	for {
		if s = strings.TrimRight(s, " \t,"); s == "" {
			return hops
		}
		at := len(s) - 1
		for ; at >= -1; at-- {
			if (at < 0 || s[at] == ',') && oracleReads(s[at+1:]) {
				break
			}
		}
		if at < -1 {
			return append(hops, oracleHop{})
		}
		hops = append(hops, oraclePairs(s[at+1:]))
		s = s[:max(at, 0)]
	}
}

// oracleReads reports whether s is an element, in which no name stands twice.
func oracleReads(s string) bool {
	if !oracleElement.MatchString(s) {
		return false
	}
	seen := map[string]bool{}
	for _, pair := range oraclePair.FindAllStringSubmatch(s, -1) {
		name := oracleLower(pair[1])
		if seen[name] {
			return false
		}
		seen[name] = true
	}
	return true
}

// oraclePairs returns what an element says.
func oraclePairs(s string) (h oracleHop) {
	for _, pair := range oraclePair.FindAllStringSubmatch(s, -1) {
		value := pair[2]
		if strings.HasPrefix(value, `"`) {
			value = oracleEscape.ReplaceAllString(value[1:len(value)-1], "$1")
		}
		switch oracleLower(pair[1]) {
		case "for":
			h.bits = oracleNode(value)
		case "proto":
			h.proto = value
		}
	}
	return h
}

// oracleNode returns the address of a node of RFC 7239.
func oracleNode(s string) string {
	if m := oracleNode4.FindStringSubmatch(s); m != nil {
		if _, ok := oracleIPv4(m[1]); ok {
			return oracleBits(m[1])
		}
	}
	if m := oracleNode6.FindStringSubmatch(s); m != nil {
		if _, ok := oracleIPv6(m[1]); ok {
			return oracleBits(m[1])
		}
	}
	return ""
}
