package gate

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"websocketd/libwebsocketd/internal/paths"
)

// ResourcePath is where the metadata of protected resources is (RFC 9728 section 3): that of
// https://HOST/PATH at https://HOST + ResourcePath + /PATH.
const ResourcePath = "/.well-known/oauth-protected-resource"

// ResourceOf returns the path of the resource whose metadata is at path; ok is false if there
// is none of any.
func ResourceOf(path string) (of string, ok bool) {
	rest, ok := strings.CutPrefix(path, ResourcePath)
	switch {
	case !ok || rest != "" && rest[0] != '/':
		return "", false
	case rest == "":
		return "/", true
	}
	return rest, true
}

// Resource returns the URL of what is at path, as the client of a request would write it: its
// resource identifier (RFC 9728 section 1.2, RFC 8707 section 2). It has no port if that is the
// scheme's own. It is "" if Host is none.
func Resource(r *http.Request, path string) string {
	a, ok := parseLoose(r.Host)
	if !ok {
		return ""
	}
	u := url.URL{Scheme: "http", Host: a.text(), Path: paths.Clean(path)}
	secure := IsSecure(r)
	if secure {
		u.Scheme = "https"
	}
	if a.port != "" && a.portOr(secure) != (authority{}).portOr(secure) {
		u.Host += ":" + a.port
	}
	return u.String()
}

// metadataOf returns the URL of the metadata of what a request is for; "" if Host is none.
func metadataOf(r *http.Request) string {
	path := paths.Clean(r.URL.Path)
	if path == "/" { // RFC 9728 section 3.1
		path = ""
	}
	return Resource(r, ResourcePath+path)
}

// ResourceMetadata is the document about a resource (RFC 9728 section 2).
type ResourceMetadata struct {
	Resource             string   `json:"resource"`
	AuthorizationServers []string `json:"authorization_servers"`
	BearerMethods        []string `json:"bearer_methods_supported"`
}

// Metadata returns the document about the resource at a path, whose clients need a. ok is false if
// no bearer token is any good there, or nobody is known to issue one.
func (a *Access) Metadata(r *http.Request, path string) (document ResourceMetadata, ok bool) {
	if a == nil || len(a.all.AuthorizationServers) == 0 || !slices.ContainsFunc(a.challenges, isForBearer) {
		return document, false
	}
	document.Resource = Resource(r, path)
	document.AuthorizationServers, document.BearerMethods = a.all.AuthorizationServers, []string{"header"}
	return document, document.Resource != ""
}

// Audience decides whether tokens for a resource of this server are for what a request asks
// for. It believes Host no more than it knows: whoever has somebody's token for another server
// could name that one. It is safe for concurrent use.
type Audience struct{ hosts *Hosts }

// NewAudience returns the Audience of a server that listens on bound, and has the names of
// hosts besides. No wildcard of either is a name. See NewHosts.
func NewAudience(bound, hosts []string) *Audience {
	h := &Hosts{names: map[string]bool{}, loopback: len(bound) == 0}
	for _, b := range bound {
		a, ok := parseLoose(withoutZone(strings.TrimSpace(b)))
		if unspecified := a.addr().IsValid() && a.addr().IsUnspecified(); !unspecified {
			h.add(pattern{authority: a}, ok)
			h.loopback = h.loopback || isLoopback(a)
		}
	}
	for _, entry := range entries(hosts) {
		if p, ok := parsePattern(entry); ok && !p.below {
			h.add(p, true)
		}
	}
	return &Audience{h}
}

// IsEmpty reports whether no name of the server is known, so that no token is for it.
func (a *Audience) IsEmpty() bool { return len(a.hosts.names) == 0 && !a.hosts.loopback }

// Has reports whether audience is the URL of what a request asks for, or one above it. A
// slash at its end does not matter.
func (a *Audience) Has(r *http.Request, from Client, audience string) bool {
	host, ok := parseLoose(r.Host)
	if !ok || !a.hosts.known(host) || !isOwnPort(host.portOr(IsSecure(r)), r, from) {
		return false
	}
	audience, origin := strings.TrimSuffix(audience, "/"), strings.TrimSuffix(Resource(r, "/"), "/")
	rest, ok := strings.CutPrefix(Resource(r, r.URL.Path), audience)
	return ok && strings.HasPrefix(audience, origin) && (rest == "" || rest[0] == '/')
}

// isOwnPort reports whether the port in Host is that of this server. One that is the scheme's
// own may be a proxy's.
func isOwnPort(port string, r *http.Request, from Client) bool {
	local, isTCP := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return isTCP && port == strconv.Itoa(local.Port) ||
		(from.Trusted || from.Unix) && port == (authority{}).portOr(IsSecure(r))
}
