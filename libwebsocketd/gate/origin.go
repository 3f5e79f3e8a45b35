package gate

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"websocketd/libwebsocketd/internal/text"
)

// Origins decides by the Origin header (RFC 6454 7) whether the page a request comes
// from may talk to this server. A browser lets every page open a WebSocket to every
// server, and sends that server's cookies along. Only this header tells such a page
// from the server's own (RFC 6455 4.2.2 and 10.2). Programs that are not browsers can
// send any Origin: it is not a password.
//
// The zero value is the default rule. Origins is safe for concurrent use.
type Origins struct {
	list       []source
	anything   bool // the list has *
	sameOrigin bool
}

// NewOrigins returns the check for the flags --origin=LIST and --sameorigin; with
// both, both must let the request in.
//
// An entry of list is HOST, HOST:PORT or either after SCHEME://. Without a port, or
// with the port *, it matches any port. Otherwise it matches that very port, where an
// origin without a port has 443 for https and else 80. Hosts are compared whole, but
// *.NAME is every name below NAME at any depth, and not NAME itself. Case,
// surrounding blanks and one slash at the end do not matter; the brackets of an IPv6
// address without port may be left out.
//
// Three entries are special. file:// matches requests without an Origin and pages
// that are files. null matches the Origin of that name (sandboxed frames, RFC 6454
// 6.1). * matches everything. An entry that is none of these matches nothing;
// CheckOrigin reports it.
//
// sameOrigin requires that host and port of Origin and Host are equal. The default
// port is 443 for an https origin and a request over TLS, else 80.
//
// With neither, or a list of blanks, the default rule holds: the host of Origin is
// the host of Host, whatever the ports, or there is no Origin.
//
// For sameOrigin and the default rule, localhost, 127.0.0.1 and ::1 are one host. All
// three are the browser's own machine: a page of another site can have none of them.
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
// from. A page of such an origin may be trusted with what a browser keeps of its
// user; any page may have the origins null and file.
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

// sameName applies the default rule. It accepts any port, because a page served by
// one program of a machine commonly uses a WebSocket served by another.
func sameName(s source, r *http.Request) bool {
	host, ok := parseLoose(r.Host)
	return ok && s.kind == fromHost && oneHost(s.name(), host.name())
}

func sameHostPort(s source, r *http.Request) bool {
	host, ok := parseLoose(r.Host)
	return ok && s.kind == fromHost && oneHost(s.host, host.host) &&
		s.portOr(s.scheme == "https") == host.portOr(IsSecure(r))
}

// loopbackNames are the names that people use for their own machine, and that servers
// print.
var loopbackNames = map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true}

func oneHost(a, b string) bool { return a == b || loopbackNames[a] && loopbackNames[b] }

// refuse returns the 403. Its advice names the entry that lets exactly s in, and not
// the entries of the list, which a client need not know.
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
	return &Refusal{Status: http.StatusForbidden, Kind: KindOrigin, Reason: what + " is not allowed " + here + ": " + way + " to allow it"}
}

// Origin returns the request's origin as the log names it: scheme://host[:port] in
// lower case with the port as sent. It is "file:" when there is no origin or the page
// is a file, and "null" for that word. An origin that cannot be parsed is escaped and
// cut short.
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

// source is the origin of a request, or the origins that an entry of a list allows.
type source struct {
	kind    kind
	raw     string // as sent or written
	scheme  string // lower case; "" in an entry is any
	pattern        // one host, unless it is an entry
}

type kind int

const (
	unreadable kind = iota // none of the others; as an entry it matches nothing
	absent                 // no Origin; never an entry
	opaque                 // null
	fromFile               // scheme file and no host; as an entry it matches absent too
	fromHost               // scheme, host and perhaps a port
)

// readOrigin parses the Origin of r. An empty one counts as none. Two of them are no
// origin (RFC 6454 7.3): it is unknown which of them another server would believe.
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

// parseOrigin parses an Origin header as a URL and keeps its origin (RFC 6454 4):
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

// parseEntry parses one trimmed entry of a list.
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

// matches reports whether the entry allows s.
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

// asEntry returns the entry of a list that would let s in, as people write it. A host
// called null needs its scheme, or the advice would let in every sandboxed frame.
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
