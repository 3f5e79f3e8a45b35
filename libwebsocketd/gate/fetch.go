package gate

import "net/http"

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
		return &Refusal{Status: http.StatusForbidden, Reason: "A page of another site (Sec-Fetch-Site: " + printable(site) +
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
