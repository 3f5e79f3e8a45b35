package gate

import (
	"net/http"
	"strings"

	"websocketd/libwebsocketd/internal/text"
)

// CheckPlain is Check for a request that is no WebSocket handshake but reads or
// starts a program all the same. A browser leaves Origin out of many of those, so
// a page of another site could have one made by an image or a script. What browsers
// say instead is Sec-Fetch-Site (W3C Fetch Metadata 2.3), which no page can set:
// same-origin stands for an Origin that is this server, none for no page at all.
func (o *Origins) CheckPlain(r *http.Request) *Refusal {
	if readOrigin(r).kind != absent || o.anything && !o.sameOrigin {
		return o.Check(r)
	}
	switch site := lower(r.Header.Get("Sec-Fetch-Site")); site {
	case "", "none":
		return o.Check(r)
	case "same-origin":
		return o.checkOwn(r)
	default:
		return &Refusal{Status: http.StatusForbidden, Reason: "A page of another site (Sec-Fetch-Site: " + text.Printable(site) +
			") is not allowed to read a program without its Origin: use EventSource, or fetch with cors, and --origin to allow that page"}
	}
}

// checkOwn is Check for this server's own pages. Whether they were fetched over
// TLS is not known behind a proxy that ends it.
func (o *Origins) checkOwn(r *http.Request) *Refusal {
	own := parseOrigin("http://" + r.Host)
	if o.allows(own, r) || o.allows(parseOrigin("https://"+r.Host), r) {
		return nil
	}
	return o.refuse(own, r)
}

// CheckOwnPage refuses with 403 what a page of another origin asks for, whatever
// --origin says: it is for pages of this server and for programs that are no
// browser. Where a browser names no Origin, as in a GET for its own, it says
// Sec-Fetch-Site; none of both is no page of a browser of today.
func CheckOwnPage(r *http.Request) *Refusal {
	s, site := readOrigin(r), lower(r.Header.Get("Sec-Fetch-Site"))
	_, from, _ := strings.Cut(s.raw, "://")
	switch {
	case s.kind != absent && (s.kind != fromHost || lower(from) != lower(r.Host)):
		return &Refusal{Status: http.StatusForbidden, Reason: "Origin " + text.Printable(s.raw) + " is not this server: only its own console may ask for this"}
	case s.kind == absent && site != "" && site != "same-origin" && site != "none":
		return &Refusal{Status: http.StatusForbidden, Reason: "A page of another site (Sec-Fetch-Site: " + text.Printable(site) + ") may not ask for this: only this server's own console may"}
	}
	return nil
}
