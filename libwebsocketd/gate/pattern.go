package gate

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"websocketd/libwebsocketd/internal/text"
)

// pattern is the host in an entry of a list: one name or address, or every name below
// one, at any depth but without that name itself.
type pattern struct {
	authority
	below bool // it was written *.NAME
}

// parsePattern parses "host", "host:port", "host:*" and "*.name" with either; an
// address has no names below it. The port * means the same as no port. A slash at the
// end is accepted because browsers show URLs so.
func parsePattern(s string) (p pattern, ok bool) {
	s, p.below = strings.CutPrefix(strings.TrimSuffix(s, "/"), "*.")
	p.authority, ok = parseLoose(strings.TrimSuffix(s, ":*"))
	return p, ok && !(p.below && p.addr().IsValid())
}

// covers reports whether the pattern matches a host. of is the pattern's own host, in
// the same form as host.
func (p pattern) covers(host, of string) bool {
	if !p.below {
		return host == of
	}
	return len(host) > len(of)+1 && strings.HasSuffix(host, "."+of)
}

// canBeSent reports whether a browser would write the port like this.
func (p pattern) canBeSent() bool {
	port, err := strconv.ParseUint(p.port, 10, 16)
	return !p.hasPort || err == nil && strconv.FormatUint(port, 10) == p.port
}

// CheckOrigin returns an error if an entry of a list of origins can match nothing
// that a browser sends. The error has the form that does. A blank entry is no error.
func CheckOrigin(entry string) error {
	entry = strings.TrimSpace(entry)
	switch lower(entry) {
	case "", "*", "null", "file://":
		return nil
	}
	scheme, rest, found := strings.Cut(entry, "://")
	if !found {
		scheme, rest = "", entry
	}
	if found && !isScheme(scheme) {
		return errors.New(text.Quote(entry) + " has no scheme before ://; write https://HOST, or HOST for any scheme")
	}
	if found {
		scheme += "://"
	}
	return checkEntry(entry, scheme, rest, "[SCHEME://]HOST[:PORT]", "an origin")
}

// isScheme reports whether s can be the scheme of a URL (RFC 3986 3.1).
func isScheme(s string) bool {
	s = lower(s)
	return s != "" && s[0] >= 'a' && s[0] <= 'z' && !strings.ContainsFunc(s, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || isDigit(c) || c == '+' || c == '-' || c == '.')
	})
}

// CheckHost is CheckOrigin for a list of hosts. A port has no meaning there.
func CheckHost(entry string) error {
	entry = strings.TrimSpace(entry)
	if entry == "" || entry == "*" {
		return nil
	}
	if _, rest, found := strings.Cut(entry, "://"); found {
		return suggest(entry, "a scheme", "", rest, "a host")
	}
	return checkEntry(entry, "", entry, "HOST", "a host")
}

// checkEntry checks what follows the scheme of an entry. The error suggests form, the
// syntax of an entry, and calls an entry what.
func checkEntry(entry, scheme, rest, form, what string) error {
	rest = strings.TrimSuffix(rest, "/")
	if i := strings.IndexAny(rest, `/\?#`); i >= 0 {
		return suggest(entry, map[byte]string{'?': "a query", '#': "a fragment"}[rest[i]], scheme, rest, what)
	}
	if strings.Contains(rest, "@") {
		return suggest(entry, "a user", scheme, rest, what)
	}
	p, ok := parsePattern(rest)
	switch {
	case ok && p.canBeSent():
		return nil
	case ok:
		return errors.New(text.Quote(entry) + " has a port that is none: it is a number up to 65535 without zeros in front, * for any, or left out with its colon")
	case strings.ContainsFunc(rest, func(r rune) bool { return r >= 0x80 }):
		return errors.New(text.Quote(entry) + " is not in the form a browser sends: write its name in ASCII, which begins with xn--")
	case strings.Contains(rest, "*"):
		return errors.New(text.Quote(entry) + " is not " + what + ": a * stands alone for everything, or for the first parts of a name, *.example.com, or for the port, example.com:*")
	}
	return errors.New(text.Quote(entry) + " is not " + what + ": write " + form + ", or * for any")
}

// suggest returns the error for an entry with a part that does not belong there, and
// suggests the rest.
func suggest(entry, part, scheme, rest, what string) error {
	if part == "" {
		part = "a path"
	}
	if i := strings.IndexAny(rest, `/\?#`); i >= 0 {
		rest = rest[:i]
	}
	rest = rest[strings.LastIndex(rest, "@")+1:]
	if p, ok := parsePattern(rest); !(ok && p.canBeSent()) && scheme+rest != "*" {
		return fmt.Errorf("%s has %s, which %s has not", text.Quote(entry), part, what)
	}
	return fmt.Errorf("%s has %s, which %s has not: write %s", text.Quote(entry), part, what, scheme+rest)
}
