package gate

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"websocketd/libwebsocketd/internal/text"
)

// Origins decides by the Origin header (RFC 6454 7) whether the page a request
// comes from may talk to this server. A browser lets every page open a WebSocket
// to every server and sends that server's cookies along; the header is the only
// thing that tells such a page from the server's own (RFC 6455 4.2.2 and 10.2).
// Programs that are no browser can send any Origin: it is no password.
//
// The zero value is the default rule. Origins is safe for concurrent use.
type Origins struct {
	list       []source
	anything   bool // the list has *
	sameOrigin bool
}

// NewOrigins makes the check that the flags --origin=LIST and --sameorigin ask
// for; with both, both must let the request in.
//
// An entry of list is HOST, HOST:PORT or either behind SCHEME://. Without a port,
// or with the port *, it is any port, else that very port, an origin without one
// having 443 for https and else 80. Hosts are compared whole, but *.NAME is every
// name below NAME at any depth, and not NAME itself. Case, surrounding blanks and one
// slash at the end do not matter, brackets of an IPv6 address without port may be
// left out. Three entries are special: file:// is requests without an Origin and
// pages that are files, null the Origin of that name (sandboxed frames, RFC 6454
// 6.1), and * is everything. What is none of these matches nothing; CheckOrigin
// tells.
//
// sameOrigin is host and port of Origin and Host being equal, their default port
// being 443 for an https origin and a request over TLS, else 80.
//
// With neither, or a list of blanks, the default rule holds: the host of Origin
// is the host of Host, whatever the ports, or there is no Origin.
//
// In the last two localhost, 127.0.0.1 and ::1 are one host. All three are the
// browser's own machine: a page of another site can have none of them.
func NewOrigins(list []string, sameOrigin bool) *Origins {
	o := &Origins{sameOrigin: sameOrigin}
	for _, entry := range entries(list) {
		o.list = append(o.list, parseEntry(entry))
		o.anything = o.anything || entry == "*"
	}
	return o
}

// Check lets r in or refuses it with 403.
func (o *Origins) Check(r *http.Request) *Refusal {
	s := readOrigin(r)
	if o.allows(s, r) {
		return nil
	}
	return o.refuse(s, r)
}

// Names reports whether an entry of the list other than * is the host that r comes
// from. A page of such an origin may be trusted with what a browser keeps of its user;
// null and files are anybody's.
func (o *Origins) Names(r *http.Request) bool {
	s := readOrigin(r)
	return s.kind == fromHost && slices.ContainsFunc(o.list, func(entry source) bool { return entry.raw != "*" && entry.matches(s) })
}

func (o *Origins) allows(s source, r *http.Request) bool {
	restricted := o.sameOrigin || len(o.list) > 0
	switch {
	case !restricted:
		return s.kind == absent || sameName(s, r)
	case o.sameOrigin && !sameHostPort(s, r):
		return false
	case len(o.list) > 0 && !o.anything:
		return slices.ContainsFunc(o.list, func(entry source) bool { return entry.matches(s) })
	}
	return true
}

// sameName is the default rule. It takes any port, because a page served by one
// program of a machine commonly uses a WebSocket served by another.
func sameName(s source, r *http.Request) bool {
	host, ok := parseLoose(r.Host)
	return ok && s.kind == fromHost && oneHost(s.name(), host.name())
}

func sameHostPort(s source, r *http.Request) bool {
	host, ok := parseLoose(r.Host)
	return ok && s.kind == fromHost && oneHost(s.host, host.host) &&
		s.portOr(s.scheme == "https") == host.portOr(r.TLS != nil)
}

// loopbackNames are what people call their own machine, and servers print.
var loopbackNames = map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true}

func oneHost(a, b string) bool { return a == b || loopbackNames[a] && loopbackNames[b] }

// refuse words the 403. The way out names the entry that lets exactly s in, not
// the entries there are: these are none of a stranger's business.
func (o *Origins) refuse(s source, r *http.Request) *Refusal {
	what := "Origin " + text.Printable(s.raw)
	if s.kind == absent {
		what = "A request without Origin"
	}
	way := "start the server with --origin=" + s.asEntry()
	switch {
	case o.sameOrigin && !sameHostPort(s, r):
		way += " instead of --sameorigin"
	case len(o.list) > 0:
		way = "add " + s.asEntry() + " to --origin"
	}
	here := "here"
	if o.sameOrigin && len(o.list) > 0 {
		here = "here, where --sameorigin and --origin must both let it in"
	}
	return &Refusal{Status: http.StatusForbidden, Reason: what + " is not allowed " + here + ": " + way + " to allow it"}
}

// Origin says how the log names the request's origin: scheme://host[:port] in
// lower case with the port as sent, "file:" when there is none or the page is a
// file, "null" for that word. What cannot be read is given escaped and cut short.
func Origin(r *http.Request) string {
	s := readOrigin(r)
	switch s.kind {
	case absent, fromFile:
		return "file:"
	case opaque:
		return "null"
	case unreadable:
		return text.Printable(s.raw)
	}
	if s.hasPort {
		return text.Printable(s.scheme + "://" + s.text() + ":" + s.port)
	}
	return text.Printable(s.scheme + "://" + s.text())
}

// source is where a request says it comes from, or where an entry of a list says
// it may come from.
type source struct {
	kind    kind
	raw     string // as sent or written
	scheme  string // lower case; "" in an entry is any
	pattern        // of one host, unless it is an entry
}

type kind int

const (
	unreadable kind = iota // none of the others; as an entry it matches nothing
	absent                 // no Origin; never an entry
	opaque                 // null
	fromFile               // scheme file and no host; as an entry also absent ones
	fromHost               // scheme, host and perhaps a port
)

// readOrigin reads the Origin of r. An empty one counts as none. Two of them are
// no origin (RFC 6454 7.3): which of them another server believed cannot be known.
func readOrigin(r *http.Request) source {
	sent := r.Header.Values("Origin")
	raw := strings.Join(sent, ", ")
	switch {
	case raw == "":
		return source{kind: absent}
	case len(sent) > 1:
		return source{raw: raw}
	case lower(raw) == "null":
		return source{kind: opaque, raw: raw}
	}
	return parseOrigin(raw)
}

// parseOrigin reads what was sent as a URL and keeps its origin (RFC 6454 4):
// user-info and path, which some clients add, are not part of it.
func parseOrigin(raw string) source {
	u, err := url.ParseRequestURI(raw)
	if err != nil {
		return source{raw: raw}
	}
	if u.Scheme == "file" && u.Host == "" {
		return source{kind: fromFile, raw: raw}
	}
	at, ok := parseAuthority(u.Host)
	if !ok {
		return source{raw: raw}
	}
	return source{fromHost, raw, u.Scheme, pattern{authority: at}}
}

// parseEntry reads one trimmed entry of a list.
func parseEntry(entry string) source {
	switch lower(entry) {
	case "file://":
		return source{kind: fromFile, raw: entry}
	case "null":
		return source{kind: opaque, raw: entry}
	}
	scheme, rest, found := strings.Cut(entry, "://")
	if !found {
		scheme, rest = "", entry
	}
	at, ok := parsePattern(rest)
	if !ok || found && scheme == "" {
		return source{raw: entry}
	}
	return source{fromHost, entry, lower(scheme), at}
}

// matches says whether the entry allows s.
func (entry source) matches(s source) bool {
	switch entry.kind {
	case unreadable:
		return false
	case fromFile:
		return s.kind == fromFile || s.kind == absent
	case fromHost:
		return s.kind == fromHost && entry.covers(s.host, entry.host) &&
			(entry.scheme == "" || entry.scheme == s.scheme) &&
			(!entry.hasPort || entry.port == s.portOr(s.scheme == "https"))
	}
	return s.kind == entry.kind
}

// asEntry is the entry of a list that would let s in, as people write it. A host
// that is called null needs its scheme, or the advice would open the gate to
// every sandboxed frame.
func (s source) asEntry() string {
	switch s.kind {
	case absent, fromFile:
		return "file://"
	case opaque:
		return "null"
	case fromHost:
		if s.host == "null" {
			return s.scheme + "://null"
		}
		return s.text()
	}
	return "*"
}
