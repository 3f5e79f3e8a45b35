package control

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/logging"
)

// category is that of the log.
const category = "admin"

// operator is who has shown the token.
var operator = gate.Identity{User: "operator"}

// newAccess returns what a client of TCP has to show; nil if that is nothing.
func newAccess(kind gate.Credential) *gate.Access {
	if kind == nil {
		return nil
	}
	return (&gate.Credentials{Kinds: []gate.Credential{kind}}).Anyone()
}

// ServeHTTP answers a request that may be made, and refuses all others. It is the only way to
// a route.
func (c *Control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w, settle := exchange.WithClock(w, takeTime)
	defer settle()
	guardHeaders(w.Header())
	p := c.policyOf(r)
	refusal := c.admit(w, r, p)
	if refusal == nil && c.brake.Wait(r.Context()) {
		refusal = gate.HandedOver
	}
	if refusal != nil {
		c.refuse(w, r, refusal)
		return
	}
	if p != open {
		known(r.Context())
	}
	c.logRequest(r)
	if c.patternOf(r) == "" {
		c.serveElse(w, r)
		return
	}
	c.routes.ServeHTTP(w, r)
}

// guardHeaders sets what every answer has.
func guardHeaders(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
}

// policyOf returns who may ask for what a request names. The page is for everyone, but not the
// document in its place. What is not there is guarded, too: a stranger learns nothing about it.
func (c *Control) policyOf(r *http.Request) policy {
	pattern := c.patternOf(r)
	if p, ok := c.policies[pattern]; ok && !(pattern == rootPattern && prefersJSON(r)) {
		return p
	}
	return guarded
}

// patternOf returns the route of a request, "" if there is none. A conversation has no HEAD,
// which would use up a ticket for nothing.
func (c *Control) patternOf(r *http.Request) string {
	_, pattern := c.routes.Handler(r)
	if r.Method == http.MethodHead && c.policies[pattern] == ticketed {
		return ""
	}
	return pattern
}

// admit returns why a request may not be made; nil if it may.
func (c *Control) admit(w http.ResponseWriter, r *http.Request, p policy) *gate.Refusal {
	if refusal := c.hosts.Check(r); refusal != nil {
		return refusal
	}
	if refusal := c.checkPage(w, r, p); refusal != nil {
		return refusal
	}
	if r.URL.Query().Has("token") && p == ticketed {
		if _, ok := c.logins.Redeem(r.URL.Query().Get("token"), "", false); !ok {
			return badTicket
		}
		return nil
	}
	if p == open || c.access == nil || isUnix(r) {
		return nil
	}
	shown, refusal := withProof(r)
	if refusal == nil {
		_, refusal = c.access.Check(shown, clientOf(r))
	}
	return withWayOut(refusal)
}

// withWayOut returns a refusal, and adds to one that also meets who has the right token how to
// come in nevertheless.
func withWayOut(refusal *gate.Refusal) *gate.Refusal {
	if refusal == nil || refusal.Status != http.StatusTooManyRequests {
		return refusal
	}
	told := *refusal
	told.Reason += "; `websocketd ctl` on the server's machine, and a unix socket, need no token"
	return &told
}

// isUnix reports whether a request has come over a unix socket, which only the operator can
// open.
func isUnix(r *http.Request) bool {
	at, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return at != nil && at.Network() == "unix"
}

// clientOf returns where a request comes from.
func clientOf(r *http.Request) gate.Client {
	from, _ := netip.ParseAddrPort(r.RemoteAddr)
	return gate.Client{Addr: from.Addr().Unmap(), Port: strconv.Itoa(int(from.Port()))}
}

// badProof refuses a request that shows two tokens, of which nobody knows which one counts.
var badProof = &gate.Refusal{Status: http.StatusBadRequest, Reason: "the token is there more than once: show it in Authorization or in X-API-Key"}

// badKey refuses a key that is no token.
var badKey = &gate.Refusal{Status: http.StatusBadRequest, Reason: "the token in X-API-Key cannot be read: it is the token alone, without Bearer before it"}

// withProof returns a request that shows its token in Authorization as Bearer, wherever r does:
// there, there as ApiKey, or in X-API-Key.
func withProof(r *http.Request) (*http.Request, *gate.Refusal) {
	keys, lines := r.Header.Values("X-Api-Key"), r.Header.Values("Authorization")
	if len(keys)+len(lines) > 1 {
		return nil, badProof
	}
	shown := r.Clone(r.Context())
	shown.Header = http.Header{}
	for _, key := range keys {
		if strings.Contains(key, " ") {
			return nil, badKey
		}
		shown.Header.Set("Authorization", "Bearer "+key)
	}
	for _, line := range lines {
		if scheme, rest, _ := strings.Cut(line, " "); strings.EqualFold(scheme, "ApiKey") {
			line = "Bearer " + rest
		}
		shown.Header.Set("Authorization", line)
	}
	return shown, nil
}

// refuse answers with a refusal: one status, one sentence. The connection is not kept.
func (c *Control) refuse(w http.ResponseWriter, r *http.Request, refusal *gate.Refusal) {
	logging.At(c.Log, logging.LevelAccess, category,
		fmt.Sprintf("%s %s: %s: %s", r.Method, gate.MaskToken(r.RequestURI), http.StatusText(refusal.Status), refusal.Reason), "remote", remoteOf(r))
	w.Header().Set("Connection", "close")
	rc := http.NewResponseController(w)
	rc.SetReadDeadline(time.Now().Add(headerWait))
	rc.SetWriteDeadline(time.Now().Add(headerWait))
	maps.Copy(w.Header(), refusal.Header)
	if refusal.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(refusal.RetryAfter))
	}
	answerError(w, r, refusal.Status, refusal.Reason)
}

// answerError answers with a status and one sentence, as text, or as JSON to those who prefer
// that.
func answerError(w http.ResponseWriter, r *http.Request, status int, sentence string) {
	if !prefersJSON(r) {
		http.Error(w, sentence, status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(encode(map[string]string{"error": sentence}), '\n'))
}
