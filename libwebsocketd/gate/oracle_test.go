package gate

import (
	"fmt"
	"strconv"
	"strings"
)

// This is the package a second time, for the fuzzers to compare with: written
// from the rules as NewHosts and NewOrigins tell them, slow, with string
// operations only. It reads an origin by writing down every entry that would
// let it in, and asks whether one of these is in the list.

// oracleOrigin reports whether NewOrigins(list, same) lets in a request with this
// Origin ("" is none) and this Host, which came over TLS if secure.
func oracleOrigin(origin, host string, secure bool, list []string, same bool) bool {
	var given []string
	star := false
	for _, entry := range list {
		if entry = strings.TrimSpace(entry); entry != "" {
			given = append(given, oracleEntry(entry))
			star = star || entry == "*"
		}
	}
	scheme, name, port, ok := oracleURL(origin)
	hasHost := ok && name != ""
	ourName, ourPort, ourOK := oracleHostPort(oracleBracket(host))
	if same && !(hasHost && ourOK && (name == ourName || oracleSelf(name) && oracleSelf(ourName)) &&
		oraclePort(port, scheme == "https") == oraclePort(ourPort, secure)) {
		return false
	}
	if len(given) > 0 {
		return star || oracleShare(given, oracleSpellings(origin))
	}
	if same {
		return true
	}
	name, ourName = oracleUndot(name), oracleUndot(ourName)
	return origin == "" || hasHost && ourOK && (name == ourName || oracleSelf(name) && oracleSelf(ourName))
}

// oracleSelf reports whether name is one of the three names of the browser's own
// machine.
func oracleSelf(name string) bool {
	return name == "localhost" || name == "127.0.0.1" || name == "[0000:0000:0000:0000:0000:0000:0000:0001]"
}

// oracleSpellings returns every entry that lets the origin in, except *.
func oracleSpellings(origin string) []string {
	if origin == "" {
		return []string{"file://"}
	}
	if oracleLower(origin) == "null" {
		return []string{"null"}
	}
	scheme, name, port, ok := oracleURL(origin)
	switch {
	case !ok:
		return nil
	case scheme == "file" && name == "":
		return []string{"file://"}
	case name == "":
		return nil
	}
	port = oraclePort(port, scheme == "https")
	var all []string
	for i, c := range "." + name {
		host := name
		if i > 0 {
			host = "*." + name[i:]
		}
		_, base, _ := strings.Cut("."+name[max(i-1, 0):], ".")
		_, ipv4 := oracleIPv4(oracleUndot(strings.TrimPrefix(base, ".")))
		if c != '.' || i == 1 || i > 0 && ipv4 {
			continue
		}
		all = append(all, host+port, scheme+"://"+host, scheme+"://"+host+port)
		if host != "null" { // the entry null means something else
			all = append(all, host)
		}
	}
	return all
}

// oracleEntry returns an entry in the one form that oracleSpellings writes.
func oracleEntry(entry string) string {
	entry = oracleLower(entry)
	scheme, rest := "", entry
	if i := strings.Index(entry, "://"); i >= 0 {
		scheme, rest = entry[:i+3], entry[i+3:]
	}
	if entry == "file://" {
		return entry
	}
	star, rest := oracleStar(strings.TrimSuffix(rest, "/"))
	if name, port, ok := oracleHostPort(rest); ok {
		rest = name + port
	}
	return scheme + star + rest
}

// oracleStar removes *. from the front of an entry and :* from its end, and brackets
// an IPv6 address.
func oracleStar(s string) (star, rest string) {
	if strings.HasPrefix(s, "*.") {
		star, s = "*.", s[2:]
	}
	return star, oracleBracket(strings.TrimSuffix(s, ":*"))
}

// oracleURL takes an absolute URL apart. The name is "" where there is none;
// the port begins with its colon.
func oracleURL(s string) (scheme, name, port string, ok bool) {
	if strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return "", "", "", false
	}
	scheme, rest, found := strings.Cut(oracleLower(s), ":")
	if !found || scheme == "" || strings.Trim(scheme[:1], letters) != "" || strings.Trim(scheme, letters+digits+"+-.") != "" {
		return "", "", "", false
	}
	rest, _, _ = strings.Cut(rest, "?")
	if !strings.HasPrefix(rest, "//") {
		return scheme, "", "", !strings.HasPrefix(rest, "/") || oraclePercent(rest)
	}
	place, path, slash := strings.Cut(rest[2:], "/")
	if slash && !oraclePercent(path) {
		return "", "", "", false
	}
	if at := strings.LastIndex(place, "@"); at >= 0 {
		user := place[:at]
		if strings.Trim(user, letters+digits+"-._:~!$&'()*+,;=%@") != "" || !oraclePercent(user) {
			return "", "", "", false
		}
		place = place[at+1:]
	}
	if place == "" {
		return scheme, "", "", true
	}
	name, port, ok = oracleHostPort(place)
	return scheme, name, port, ok
}

const (
	letters = "abcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"
)

// oraclePercent reports whether two hex digits follow every percent sign.
func oraclePercent(s string) bool {
	for _, after := range strings.Split(s, "%")[1:] {
		if len(after) < 2 || strings.Trim(oracleLower(after[:2]), digits+"abcdef") != "" {
			return false
		}
	}
	return true
}

// oracleHostPort returns a name in lower case or an IPv6 address as eight groups in
// brackets, and the port with its colon, "" if there is none.
func oracleHostPort(s string) (name, port string, ok bool) {
	name = oracleLower(s)
	from := 0
	if strings.HasPrefix(name, "[") {
		from = strings.Index(name, "]") + 1
	}
	if i := strings.Index(name[from:], ":"); i >= 0 {
		name, port = name[:from+i], name[from+i:]
	}
	if port != "" && strings.Trim(port[1:], digits) != "" {
		return "", "", false
	}
	if strings.HasPrefix(name, "[") {
		if !strings.HasSuffix(name, "]") {
			return "", "", false
		}
		name, ok = oracleIPv6(name[1 : len(name)-1])
		return name, port, ok
	}
	bare := oracleUndot(name)
	ok = bare != "" && len(bare) < 254 && strings.Trim(bare, letters+digits+"-_.") == ""
	return name, port, ok
}

// oraclePort returns the port to compare: the one written, or the default.
func oraclePort(port string, secure bool) string {
	if port != "" {
		return port
	}
	if secure {
		return ":443"
	}
	return ":80"
}

// oracleBracket puts brackets around a bare IPv6 address.
func oracleBracket(s string) string {
	if _, ok := oracleIPv6(s); ok {
		return "[" + s + "]"
	}
	return s
}

// oracleIPv6 writes an IPv6 address as eight groups of four digits, in brackets.
func oracleIPv6(s string) (string, bool) {
	s = oracleLower(s)
	if i := strings.LastIndex(s, ":"); i >= 0 && strings.Contains(s[i:], ".") {
		b, ok := oracleIPv4(s[i+1:])
		if !ok {
			return "", false
		}
		s = fmt.Sprintf("%s:%x:%x", s[:i], b[0]<<8|b[1], b[2]<<8|b[3])
	}
	head, tail, gap := strings.Cut(s, "::")
	before, ok1 := oracleGroups(head)
	after, ok2 := oracleGroups(tail)
	missing := 8 - len(before) - len(after)
	if !ok1 || !ok2 || missing < 0 || gap != (missing > 0) {
		return "", false
	}
	for range missing {
		before = append(before, "0000")
	}
	return "[" + strings.Join(append(before, after...), ":") + "]", true
}

// oracleGroups returns colon-separated groups of hex digits, each made four long.
func oracleGroups(s string) (groups []string, ok bool) {
	if s == "" {
		return nil, true
	}
	for _, g := range strings.Split(s, ":") {
		if g == "" || len(g) > 4 || strings.Trim(g, digits+"abcdef") != "" {
			return nil, false
		}
		groups = append(groups, strings.Repeat("0", 4-len(g))+g)
	}
	return groups, true
}

// oracleIPv4 returns the four numbers of a dotted address.
func oracleIPv4(s string) (b [4]int, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 4 {
		return b, false
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n > 255 || strconv.Itoa(n) != p || n < 0 {
			return b, false
		}
		b[i] = n
	}
	return b, true
}

// oracleHost reports whether NewHosts(bound, hosts, origins) lets in this Host.
func oracleHost(host string, bound, hosts, origins []string) bool {
	if host == "" {
		return true
	}
	given, outer := false, false
	var names, below []string
	add := func(entry string) {
		star, rest := oracleStar(entry)
		name := oracleName(rest)
		if _, ipv4 := oracleIPv4(name); star == "" {
			names = append(names, name)
		} else if name != "" && !ipv4 && !strings.HasPrefix(name, "[") {
			below = append(below, name)
		}
	}
	for _, entry := range hosts {
		entry = strings.TrimSpace(entry)
		if entry == "*" {
			return true
		}
		given = given || entry != ""
		add(strings.TrimSuffix(entry, "/"))
	}
	for _, entry := range origins {
		entry = strings.TrimSpace(entry)
		if i := strings.Index(entry, "://"); i > 0 && oracleLower(entry) != "file://" {
			add(strings.TrimSuffix(entry[i+3:], "/"))
		} else if i < 0 && oracleLower(entry) != "null" {
			add(strings.TrimSuffix(entry, "/"))
		}
	}
	loopback, every := len(bound) == 0, false
	for _, entry := range bound {
		entry = oracleUnzone(strings.TrimSpace(entry))
		name := oracleName(entry)
		names = append(names, name)
		loopback = loopback || oracleLoopback(name)
		every = every || entry == "" || oracleEvery(name)
		outer = outer || !oracleLoopback(name)
	}
	if outer && !given {
		return true
	}
	name := oracleName(host)
	for _, base := range below {
		if strings.HasSuffix(name, "."+base) && name != "."+base {
			names = append(names, name)
		}
	}
	_, ipv4 := oracleIPv4(name)
	isAddress := ipv4 || strings.HasPrefix(name, "[")
	return name != "" && (oracleShare(names, []string{name}) || (loopback || every) && oracleLoopback(name) || every && isAddress)
}

// oracleName returns the host alone, in the form for comparing; "" if there is none.
func oracleName(s string) string {
	name, _, ok := oracleHostPort(oracleBracket(s))
	if !ok {
		return ""
	}
	return oracleUndot(name)
}

const mapped = "[0000:0000:0000:0000:0000:ffff:" // an IPv4 address follows

func oracleLoopback(name string) bool {
	b, ok := oracleIPv4(name)
	return ok && b[0] == 127 || name == "localhost" || name == "[0000:0000:0000:0000:0000:0000:0000:0001]" ||
		strings.HasPrefix(name, mapped+"7f")
}

func oracleEvery(name string) bool {
	return name == "0.0.0.0" || name == "[0000:0000:0000:0000:0000:0000:0000:0000]" || name == mapped+"0000:0000]"
}

// oracleUnzone returns an address listened on without zone and brackets.
func oracleUnzone(s string) string {
	bare := strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	addr, zone, found := strings.Cut(bare, "%")
	_, ipv4 := oracleIPv4(bare)
	_, ipv6 := oracleIPv6(addr)
	if ipv4 || ipv6 && (!found || zone != "") {
		return addr
	}
	return s
}

func oracleUndot(s string) string { return strings.TrimSuffix(s, ".") }

func oracleLower(s string) string {
	return strings.Map(func(c rune) rune {
		if i := strings.IndexRune("ABCDEFGHIJKLMNOPQRSTUVWXYZ", c); i >= 0 {
			return rune(letters[i])
		}
		return c
	}, s)
}

func oracleShare(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return true
			}
		}
	}
	return false
}
