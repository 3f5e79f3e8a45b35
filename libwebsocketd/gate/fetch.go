package gate

import (
	"net/http"
	"strings"

	"websocketd/libwebsocketd/internal/text"
)

// CheckPlain is Check for a request that is not a WebSocket handshake but still reads
// or starts a program. Browsers send no Origin with many of those, so a page of
// another site could cause one by an image or a script. Instead they send
// Sec-Fetch-Site (W3C Fetch Metadata 2.3), which no page can set. There same-origin
// stands for an Origin that is this server, and none for a request that no page made.
//
// They send it only to an origin that is potentially trustworthy: https, and loopback. With a
// GET over plain HTTP to any other host neither header may come, and then the request counts as
// one of a program that is no browser: it is let in, unless a rule (SameOrigin, or a list without
// file:// and *) wants an Origin.
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
		return &Refusal{Status: http.StatusForbidden, Kind: KindOrigin, Reason: "A page of another site (Sec-Fetch-Site: " + text.Printable(site) +
			") is not allowed to read a program without its Origin: use EventSource, or fetch with cors, and --origin to allow that page"}
	}
}

// IsOpened reports whether a request is for what somebody has typed, or has opened from a
// bookmark or another program; or for what a page of this server leads to, as a whole new
// page. A program that is no browser asks in the same way.
func IsOpened(r *http.Request) bool {
	if readOrigin(r).kind != absent {
		return false
	}
	switch lower(r.Header.Get("Sec-Fetch-Site")) {
	case "", "none":
		return true
	case "same-origin":
		return lower(r.Header.Get("Sec-Fetch-Mode")) == "navigate" && lower(r.Header.Get("Sec-Fetch-Dest")) == "document"
	}
	return false
}

// IsLed reports whether a page of another site has led its user here: by a link that they have
// followed, or by itself. The answer is shown to them as a page of its own (W3C Fetch
// Metadata 2.1, 2.2).
func IsLed(r *http.Request) bool {
	site := lower(r.Header.Get("Sec-Fetch-Site"))
	return r.Method == http.MethodGet && readOrigin(r).kind == absent && site != "" && site != "none" && site != "same-origin" &&
		lower(r.Header.Get("Sec-Fetch-Mode")) == "navigate" && lower(r.Header.Get("Sec-Fetch-Dest")) == "document"
}

// checkOwn is Check for this server's own pages. Behind a proxy that ends TLS it is
// unknown whether they were fetched over TLS, so both schemes are tried.
func (o *Origins) checkOwn(r *http.Request) *Refusal {
	own := parseOrigin("http://" + r.Host)
	if o.allows(own, r) || o.allows(parseOrigin("https://"+r.Host), r) {
		return nil
	}
	return o.refuse(own, r)
}

// CheckOwnPage refuses, with 403, a request made by a page of another origin,
// whatever --origin is. It lets in pages of this server and programs that are not
// browsers. Where a browser sends no Origin, as in a GET for its own page, it sends
// Sec-Fetch-Site, if this is https or loopback (see CheckPlain). There a request with neither
// does not come from a page in a current browser; over plain HTTP to another host it may, and
// such a page cannot read the answer.
func CheckOwnPage(r *http.Request) *Refusal {
	s, site := readOrigin(r), lower(r.Header.Get("Sec-Fetch-Site"))
	_, from, _ := strings.Cut(s.raw, "://")
	switch {
	case s.kind != absent && (s.kind != fromHost || lower(from) != lower(r.Host)):
		return &Refusal{Status: http.StatusForbidden, Kind: KindOrigin, Reason: "Origin " + text.Printable(s.raw) + " is not this server: only its own console may ask for this"}
	case s.kind == absent && site != "" && site != "same-origin" && site != "none":
		return &Refusal{Status: http.StatusForbidden, Kind: KindOrigin, Reason: "A page of another site (Sec-Fetch-Site: " + text.Printable(site) + ") may not ask for this: only this server's own console may"}
	}
	return nil
}
