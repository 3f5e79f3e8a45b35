package libwebsocketd

import "net/http"

// NamesOrigin reports whether Origins lists the origin of the request, and does not only
// admit it by a rule or by *.
func (req *Request) NamesOrigin() bool { return req.to.program.origins.Names(req.HTTP) }

// AllowOrigin lets the page of a request read an answer with that header (Fetch section
// 3.3.5). Whether it may was decided when the request was let in: a page that may not does
// not get here. What the page's user has in the browser, cookies and passwords, goes along
// only where Origins names the page. Headers that the Config sets win.
func (req *Request) AllowOrigin(answer http.Header) {
	origin := req.HTTP.Header.Get("Origin")
	if origin == "" || answer.Get("Access-Control-Allow-Origin") != "" {
		return
	}
	answer.Set("Access-Control-Allow-Origin", origin)
	answer.Add("Vary", "Origin")
	if answer.Get("Access-Control-Expose-Headers") == "" {
		answer.Set("Access-Control-Expose-Headers", "Location, Retry-After, Websocketd-Exit")
	}
	if req.NamesOrigin() && answer.Get("Access-Control-Allow-Credentials") == "" {
		answer.Set("Access-Control-Allow-Credentials", "true")
	}
}
