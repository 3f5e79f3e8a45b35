package gate

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"websocketd/libwebsocketd/internal/text"
)

// Hosts decides by the Host header whether a request is meant for this server: RFC
// 9110 7.2 and 7.4. It protects against DNS rebinding, where a page gives its own
// host name the address of a server that only this machine can reach. The browser
// then takes that server for the page's own site, and only Host still carries the
// name of that site.
//
// The zero value lets no name and no address in. Hosts is safe for concurrent use.
type Hosts struct {
	open     bool            // any Host is let in
	loopback bool            // listens on loopback, so its names are let in
	literals bool            // listens on every address, so any address is let in
	names    map[string]bool // further names and addresses, as authority.name has them
	below    []pattern       // *.NAME: the names below one
}

// NewHosts returns the check for a server that listens on bound, given the lists of
// --host and --origin.
//
// bound are IP addresses, IPv6 with or without brackets, or names, all without port.
// An empty one stands for every address, as in net.Listen. Without any, the default
// bind is meant: loopback.
//
// The check is in force when all of bound is loopback (127.0.0.0/8, ::1, localhost)
// or when hosts has an entry; else every request passes. In force it lets in:
//
//   - what is bound, and every address if a wildcard address is bound;
//   - localhost and the loopback addresses, if one of these or a wildcard is bound;
//   - the entries of hosts;
//   - the host names in origins: an operator who trusts pages of a name serves that
//     name.
//
// *.NAME is every name below NAME. The entry * in hosts lets everything in; in
// origins it does not concern Host. Entries are trimmed. Blank ones, and those that
// are not a host, are ignored (see CheckHost).
func NewHosts(bound []string, hosts, origins []string) *Hosts {
	h := &Hosts{names: map[string]bool{}}
	reachable := h.bind(bound)
	hosts = entries(hosts)
	h.open = reachable && len(hosts) == 0 || slices.Contains(hosts, "*")
	for _, entry := range hosts {
		h.add(parsePattern(entry))
	}
	for _, entry := range entries(origins) {
		o := parseEntry(entry)
		h.add(o.pattern, o.kind == fromHost)
	}
	return h
}

// bind stores what is listened on, and reports whether any of it is reachable from
// other machines. These can send any Host without a browser's help, so there the
// header protects nothing unless the operator states what it has to be.
func (h *Hosts) bind(bound []string) (reachable bool) {
	h.loopback = len(bound) == 0
	for _, b := range bound {
		b = withoutZone(strings.TrimSpace(b))
		a, ok := parseLoose(b)
		h.add(pattern{authority: a}, ok)
		switch {
		case isLoopback(a):
			h.loopback = true
		case b == "" || a.addr().IsUnspecified():
			h.literals, h.loopback, reachable = true, true, true
		default:
			reachable = true
		}
	}
	return reachable
}

func (h *Hosts) add(p pattern, ok bool) {
	switch {
	case ok && p.below:
		h.below = append(h.below, p)
	case ok:
		h.names[p.name()] = true
	}
}

// Check lets r in or refuses it with 421 (RFC 9110 15.5.20). The port in Host, case,
// a trailing dot and the brackets of an IPv6 address do not matter. A request without
// Host passes: no browser sends one.
func (h *Hosts) Check(r *http.Request) *Refusal {
	if h.open || r.Host == "" {
		return nil
	}
	a, ok := parseLoose(r.Host)
	if !ok {
		return misdirected("Host %s is not a host name: start the server with --host=* to allow it", text.Printable(r.Host))
	}
	if h.known(a) {
		return nil
	}
	return misdirected("Host %s is not a name of this server: start the server with --host=%s to allow it", text.Printable(r.Host), a.text())
}

// HostName returns the host of r's Host header as it is written in a URL, in lower
// case and without its port; ok is false if it is none.
func HostName(r *http.Request) (host string, ok bool) {
	a, ok := parseLoose(r.Host)
	return a.text(), ok
}

// known reports whether a is this server. All addresses can be let in at once because
// rebinding needs a name: an address in Host is the one the browser really connected
// to.
func (h *Hosts) known(a authority) bool {
	return h.names[a.name()] || h.loopback && isLoopback(a) || h.literals && a.addr().IsValid() ||
		slices.ContainsFunc(h.below, func(p pattern) bool { return p.covers(a.name(), p.name()) })
}

// isLoopback reports whether a can only be this machine. Names below localhost do not
// count: RFC 6761 6.3 wants them to be loopback, but resolvers differ.
func isLoopback(a authority) bool {
	return a.name() == "localhost" || a.addr().IsLoopback()
}

// withoutZone returns an address without its zone, which is needed to listen on it
// and never part of Host (RFC 6874 4).
func withoutZone(addr string) string {
	bare, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(addr, "["), "]"))
	if err != nil {
		return addr
	}
	return bare.WithZone("").String()
}

func misdirected(format string, args ...any) *Refusal {
	return &Refusal{Status: http.StatusMisdirectedRequest, Reason: fmt.Sprintf(format, args...)}
}
