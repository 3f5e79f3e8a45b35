package gate

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Identity says who a client is, and how that is known. The zero value is a client without
// an identity.
type Identity struct {
	User   string   // REMOTE_USER, and "user" in the log; never empty if it is known
	Proof  string   // AUTH_TYPE: Basic, Bearer and the like (RFC 3875 section 4.1.1)
	Groups []string // that the proof itself tells, besides those of Credentials.Groups
	Key    string   // which proof of the user's it was, for Knower; nobody else can read it

	kind string // the name of the Credential
}

// Client is where a request comes from.
type Client struct {
	Addr    netip.Addr // not valid for a client of a unix socket, unless a trusted proxy tells it
	Port    string     // "" if a trusted proxy tells the address
	Unix    bool       // it has come over a unix socket
	Secure  bool       // it speaks TLS, to this server or to a trusted proxy
	Trusted bool       // a trusted proxy has sent the request: its headers are believed
}

// Local reports whether a client is on this machine. One for whom a trusted proxy speaks is
// not, unless the proxy has told so.
func (c Client) Local() bool {
	if c.Trusted {
		return c.Addr.IsLoopback() && c.Port == ""
	}
	return c.Unix || c.Addr.IsLoopback()
}

// Credential is one kind of proof of who a client is. Its methods may be called by any
// number of goroutines at once.
type Credential interface {
	// Name returns what --auth calls the kind.
	Name() string

	// Schemes returns the schemes by which a client shows proofs of this kind (RFC 9110
	// section 11.1); none if it is not asked for them.
	Schemes() []string

	// Identify returns who a request is from. It returns no user and nil if the request
	// has no proof of this kind, and a Refusal if it has a wrong one: see Wrong.
	Identify(r *http.Request, from Client, shown Proof) (Identity, *Refusal)
}

// Knower is a Credential that can tell later whether an identity of its own still stands: not
// if the user is gone, or the proof was changed.
type Knower interface {
	Knows(who Identity) bool
}

// Unguessable is a Credential that can tell that its proofs are of 128 random bits or more, so
// that nobody who tries comes any nearer. Wrong ones of it are not slowed: that would only keep
// out who has the right one.
type Unguessable interface {
	IsUnguessable() bool
}

// Wrong returns the refusal of a proof that is not right, 401: the client may try another
// one (RFC 9110 section 15.5.2). The reason must tell nothing that would help to guess.
func Wrong(reason string) *Refusal {
	return &Refusal{Status: http.StatusUnauthorized, Reason: reason}
}

// Credentials are the kinds of proof that a server knows. A client needs one of them. The
// fields must not be changed after the first call of Access.
type Credentials struct {
	Kinds []Credential // in the order in which they are tried; no two have one name
	Named []Credential // further ones, which a program has only if its auth names them

	// Headers are the names of headers besides Authorization that carry proofs, and are
	// withheld from programs.
	Headers []string

	// Groups returns the groups of a user; may be nil.
	Groups func(user string) []string

	// AuthorizationServers are the URLs of those that issue bearer tokens for this server
	// (RFC 8414). If there are any, challenges name as resource_metadata where that is told
	// (RFC 9728 section 5.1), for each URL of the server on its own.
	AuthorizationServers []string

	wrong wrongProofs
}

// every returns all kinds.
func (c *Credentials) every() []Credential {
	if c == nil {
		return nil
	}
	return slices.Concat(c.Kinds, c.Named)
}

// Anyone returns what whoever is known by any kind can do; nil if there is none.
func (c *Credentials) Anyone() *Access {
	every := c.every()
	if len(every) == 0 {
		return nil
	}
	return &Access{all: c, kinds: every, challenges: c.challenges(every)}
}

// OrNobody returns an Access that also lets in clients that show nothing, without an identity.
// What is shown must be right.
func (a *Access) OrNobody() *Access {
	if a == nil {
		return nil
	}
	other := *a
	other.orNobody = true
	return &other
}

// NoAuth is the name in a list of kinds that stands for no credentials at all.
const NoAuth = "none"

// Access is what one program requires of its clients. A nil Access lets everyone in, without
// an identity. An Access never changes, and may be used by any number of goroutines.
type Access struct {
	all        *Credentials
	kinds      []Credential
	challenges []string
	users      []string // of allow
	groups     []string // of allow, without @
	orNobody   bool     // a client that proves nothing is let in, without an identity
}

// Access returns what a program requires that names kinds and allows some users, and groups
// as @NAME. No kinds is all but the Named ones, NoAuth alone is none. An empty allow is everyone who is
// known. The error names the entry at fault. c may be nil, which has no kinds.
func (c *Credentials) Access(kinds, allow []string) (*Access, error) {
	kinds, allow = entries(kinds), entries(allow)
	if slices.Contains(kinds, NoAuth) {
		switch {
		case len(kinds) > 1:
			return nil, fmt.Errorf("auth is %q and others: it stands alone", NoAuth)
		case len(allow) > 0:
			return nil, fmt.Errorf("allow has %q, but auth is %q: nobody is known", allow[0], NoAuth)
		}
		return nil, nil
	}
	every, a := c.every(), &Access{all: c}
	for _, name := range kinds {
		if !slices.ContainsFunc(every, func(k Credential) bool { return k.Name() == name }) {
			return nil, fmt.Errorf("auth has %q, of which the server has none", name)
		}
	}
	for _, k := range every {
		if slices.Contains(kinds, k.Name()) {
			a.kinds = append(a.kinds, k)
		}
	}
	if len(kinds) == 0 && c != nil {
		a.kinds = c.Kinds
	}
	switch {
	case len(a.kinds) == 0 && len(allow) > 0 && len(every) > 0:
		return nil, fmt.Errorf("allow has %q, but auth does not name %q, by which someone would be known", allow[0], every[0].Name())
	case len(a.kinds) == 0 && len(allow) > 0:
		return nil, fmt.Errorf("allow has %q, but the server has no credentials by which anyone is known", allow[0])
	case len(a.kinds) == 0:
		return nil, nil
	}
	for _, entry := range allow {
		if group, ok := strings.CutPrefix(entry, "@"); ok {
			a.groups = append(a.groups, group)
		} else {
			a.users = append(a.users, entry)
		}
	}
	a.challenges = c.challenges(a.kinds)
	return a, nil
}

// challenges returns the values of WWW-Authenticate: one for each scheme (RFC 7617 section
// 2, RFC 6750 section 3).
func (c *Credentials) challenges(kinds []Credential) (all []string) {
	var schemes []string
	for _, k := range kinds {
		for _, scheme := range k.Schemes() {
			if slices.Contains(schemes, scheme) {
				continue
			}
			schemes = append(schemes, scheme)
			challenge := scheme + ` realm="websocketd"`
			if scheme == "Basic" {
				challenge += `, charset="UTF-8"`
			}
			all = append(all, challenge)
		}
	}
	return all
}

// Check returns who a request is from, or why it is refused: 401 if nothing proves that, 403
// if it is somebody who may not.
func (a *Access) Check(r *http.Request, from Client) (Identity, *Refusal) {
	if a == nil {
		return Identity{}, nil
	}
	shown, refusal := proofOf(r)
	if refusal != nil {
		return Identity{}, a.challenge(r, refusal, shown)
	}
	who, refusal := a.try(r, from, shown)
	if refusal == needed && a.orNobody {
		return Identity{}, nil
	}
	if refusal != nil {
		return Identity{}, a.challenge(r, refusal, shown)
	}
	return who, a.permit(who)
}

// Contradicts reports whether what comes with a request unasked, a certificate or the word of a
// proxy, is not that it is from a user who was known before.
func (a *Access) Contradicts(who Identity, r *http.Request, from Client) bool {
	for _, k := range a.kinds {
		if len(k.Schemes()) > 0 {
			continue
		}
		now, refusal := k.Identify(r, from, Proof{})
		if refusal != nil || now.User != "" && now.User != who.User {
			return true
		}
	}
	return false
}

// identify asks each kind, until one knows the client or cannot read what it is shown: where
// two users are named, no other proof settles which.
func (a *Access) identify(r *http.Request, from Client, shown Proof) (Identity, *Refusal) {
	var wrong *Refusal
	for _, k := range a.kinds {
		who, refusal := k.Identify(r, from, shown)
		if refusal == nil && who.User != "" {
			who.kind = k.Name()
			return who, nil
		}
		if refusal != nil && refusal.Status == http.StatusBadRequest {
			return Identity{}, refusal
		}
		if refusal != nil && (wrong == nil || wrong.Status == http.StatusUnauthorized) {
			wrong = refusal
		}
	}
	if wrong == nil {
		wrong = needed
	}
	return Identity{}, wrong
}

// needed is the refusal of a request that shows nothing, or nothing of a kind that counts.
var needed = Wrong("credentials are needed here")

// challenge adds to a 401 what the client may try. If it can try nothing, because its proof
// does not stand in a request, that is a 403: a 401 has a challenge (RFC 9110 section 15.5.2).
func (a *Access) challenge(r *http.Request, refusal *Refusal, shown Proof) *Refusal {
	if refusal.Status != http.StatusUnauthorized {
		return refusal
	}
	told := *refusal
	if len(a.challenges) == 0 {
		told.Status, told.Kind = http.StatusForbidden, KindNoProof
		return &told
	}
	told.Header = refusal.Header.Clone()
	if told.Header == nil {
		told.Header = http.Header{}
	}
	metadata := a.all.metadata(r)
	for _, challenge := range a.challenges {
		if metadata != "" && isForBearer(challenge) {
			challenge += `, resource_metadata="` + metadata + `"`
		}
		if shown.Scheme == "Bearer" && isForBearer(challenge) {
			challenge += `, error="invalid_token"`
		}
		told.Header.Add("WWW-Authenticate", challenge)
	}
	return &told
}

// metadata returns what a challenge names as resource_metadata; "" is nothing.
func (c *Credentials) metadata(r *http.Request) string {
	if len(c.AuthorizationServers) == 0 {
		return ""
	}
	return metadataOf(r)
}

// isForBearer reports whether a challenge asks for a bearer token.
func isForBearer(challenge string) bool { return strings.HasPrefix(challenge, "Bearer ") }

// Admits returns why the client of a request that is known already, by another Access of the
// same Credentials, is refused; nil if it is not.
func (a *Access) Admits(r *http.Request, who Identity) *Refusal {
	if a == nil {
		return nil
	}
	if !a.Takes(who) {
		return a.challenge(r, Wrong("credentials of another kind are needed here"), Proof{})
	}
	return a.permit(who)
}

// Takes reports whether a client that is known already has proved that in a way that counts
// here.
func (a *Access) Takes(who Identity) bool {
	return slices.ContainsFunc(a.kinds, func(k Credential) bool { return k.Name() == who.kind })
}

// MayLogIn reports whether a login may stand for what has proved who a client is. It may not
// for what comes with every request by itself, a certificate or the word of a proxy: that
// would be believed when it comes no longer.
func (c *Credentials) MayLogIn(who Identity) bool {
	return slices.ContainsFunc(c.every(), func(k Credential) bool { return k.Name() == who.kind && len(k.Schemes()) > 0 })
}

// Knows reports whether a client that was known before still is: its user, its token.
func (c *Credentials) Knows(who Identity) bool {
	return slices.ContainsFunc(c.every(), func(k Credential) bool {
		knower, ok := k.(Knower)
		return k.Name() == who.kind && (!ok || knower.Knows(who))
	})
}

// permit refuses a user that allow does not name.
func (a *Access) permit(who Identity) *Refusal {
	if len(a.users) == 0 && len(a.groups) == 0 || slices.Contains(a.users, who.User) {
		return nil
	}
	groups := who.Groups
	if a.all.Groups != nil {
		groups = append(slices.Clip(groups), a.all.Groups(who.User)...)
	}
	if slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(a.groups, g) }) {
		return nil
	}
	return &Refusal{Status: http.StatusForbidden, Kind: KindUser, Reason: "allow names neither this user nor a group of this user"}
}
