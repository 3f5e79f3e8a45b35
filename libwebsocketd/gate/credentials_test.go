package gate

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// secrets is a Credential that knows what some secrets prove.
type secrets struct {
	name    string
	schemes []string
	users   map[string]string // by secret
}

func (k secrets) Name() string { return k.name }

func (k secrets) Schemes() []string { return k.schemes }

func (k secrets) Identify(_ *http.Request, _ Client, shown Proof) (Identity, *Refusal) {
	if !slices.Contains(k.schemes, shown.Scheme) {
		return Identity{}, nil
	}
	user := k.users[shown.Secret]
	if user == "" {
		return Identity{}, Wrong(k.name + " is wrong")
	}
	return Identity{User: user, Proof: shown.Scheme, Groups: []string{"of-" + k.name}}, nil
}

// knows returns Credentials of two kinds.
func knows() *Credentials {
	return &Credentials{
		Kinds: []Credential{
			secrets{"password", []string{"Basic"}, map[string]string{"pw": "ann"}},
			secrets{"token", []string{"Bearer"}, map[string]string{"tok": "bob", "pw": "cid"}},
		},
		Groups: func(user string) []string { return []string{"all", "team-" + user} },
	}
}

// mustAccess returns what a program requires.
func mustAccess(t *testing.T, c *Credentials, auth, allow string) *Access {
	t.Helper()
	a, err := c.Access(listed(auth), listed(allow))
	if err != nil {
		t.Fatalf("auth %q, allow %q: %v", auth, allow, err)
	}
	return a
}

// TestCheck: who gets in, and with which status others do not.
func TestCheck(t *testing.T) {
	right, token, wrong := basic("x:pw"), "Authorization: Bearer tok", basic("x:no")
	for _, c := range []struct {
		auth, allow, shown string
		want               string // the user, or the status
	}{
		{"", "", right, "ann"},
		{"", "", token, "bob"},
		{"", "", offers("tok"), "bob"},
		{"", "", wrong, "401"},
		{"", "", "X: y", "401"},
		{"", "", "Authorization: Digest x", "401"},
		{"", "", "Authorization: Basic *", "400"},
		{"password", "", right, "ann"},
		{"password", "", token, "401"},
		{" token , ", "", token, "bob"},
		{"token", "", right, "401"}, // the same secret, shown in another way
		{"none", "", "X: y", ""},
		{"none", "", wrong, ""},
		{"", "ann", right, "ann"},
		{"", "ann", token, "403"},
		{"", "Ann", right, "403"},
		{"", "@all", token, "bob"},
		{"", "@team-bob", right, "403"},
		{"", "zoe, @team-bob", token, "bob"},
		{"", "@of-token", token, "bob"}, // of the proof itself
		{"", "@of-token", right, "403"},
		{"", "all", right, "403"}, // a user of that name
		{"", "@ann", right, "403"},
		{"", "@all", "X: y", "401"},
		{"", "bob", wrong, "401"},
	} {
		who, refusal := mustAccess(t, knows(), c.auth, c.allow).Check(shows(c.shown), Client{})
		got := who.User
		if refusal != nil {
			got = http.StatusText(refusal.Status)
		}
		want := map[string]string{"400": "Bad Request", "401": "Unauthorized", "403": "Forbidden"}[c.want]
		if want == "" {
			want = c.want
		}
		if got != want {
			t.Errorf("auth %q, allow %q, %s: %q, expected %q", c.auth, c.allow, c.shown, got, want)
		}
		if refusal != nil && strings.ContainsAny(refusal.Reason, "\n\r") {
			t.Errorf("%q is no sentence", refusal.Reason)
		}
	}
}

// TestOrNobody: one that shows nothing is let in without an identity; what is shown must be
// right, and who is known must be allowed.
func TestOrNobody(t *testing.T) {
	c := knows()
	anns := mustAccess(t, c, "", "ann")
	either := anns.OrNobody()
	for shown, want := range map[string]struct {
		user   string
		status int
	}{
		"X: y":                      {"", 0},
		"Authorization: Digest x":   {"", 0}, // which proves nothing to any kind
		basic("x:pw"):               {"ann", 0},
		basic("x:no"):               {"", http.StatusUnauthorized},
		"Authorization: Bearer tok": {"bob", http.StatusForbidden},
		"Authorization: Basic *":    {"", http.StatusBadRequest},
	} {
		who, refusal := either.Check(shows(shown), Client{})
		status := 0
		if refusal != nil {
			status = refusal.Status
		}
		if who.User != want.user || status != want.status {
			t.Errorf("%s: %q, %v", shown, who.User, refusal)
		}
	}
	if _, refusal := anns.Check(shows("X: y"), Client{}); refusal == nil || refusal.Status != http.StatusUnauthorized || refusal.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("the one that it was made of: %v", refusal)
	}
	if len(needed.Header) > 0 {
		t.Errorf("the refusal of all has %v", needed.Header)
	}
	if (*Access)(nil).OrNobody() != nil {
		t.Error("where nothing is needed, something is")
	}
	if refusal := either.Admits(shows(), Identity{}); refusal == nil {
		t.Error("nobody is admitted as somebody who is known")
	}
}

// TestChallenges: a 401 names what the client may try, each scheme once; other refusals
// name nothing.
func TestChallenges(t *testing.T) {
	c := knows()
	c.Kinds = append(c.Kinds, secrets{"command", []string{"Basic", "Bearer"}, nil})
	c.AuthorizationServers = []string{"https://id"}
	const (
		password = `Basic realm="websocketd", charset="UTF-8"`
		token    = `Bearer realm="websocketd", resource_metadata="http://h/.well-known/oauth-protected-resource"`
	)
	for _, test := range []struct {
		auth, shown string
		want        []string
	}{
		{"", "X: y", []string{password, token}},
		{"token", "X: y", []string{token}},
		{"command", basic("x:no"), []string{password, token}},
		{"token", "Authorization: Bearer no", []string{token + `, error="invalid_token"`}},
		{"", "Authorization: Bearer a b", nil},
	} {
		r := shows(test.shown)
		r.Host = "h"
		_, refusal := mustAccess(t, c, test.auth, "").Check(r, Client{})
		if refusal == nil || !slices.Equal(refusal.Header["Www-Authenticate"], test.want) {
			t.Errorf("auth %q, %s: %+v, expected %q", test.auth, test.shown, refusal, test.want)
		}
	}
	_, refusal := mustAccess(t, c, "", "zoe").Check(shows(basic("x:pw")), Client{})
	if refusal == nil || refusal.Status != http.StatusForbidden || refusal.Header != nil {
		t.Errorf("a user who is known is asked for more: %+v", refusal)
	}
}

// TestNoChallenge: a client that cannot try anything is not told to (RFC 9110 section
// 15.5.2: a 401 has a challenge).
func TestNoChallenge(t *testing.T) {
	c := &Credentials{Kinds: []Credential{secrets{name: "header"}}}
	_, refusal := mustAccess(t, c, "", "").Check(shows("X: y"), Client{})
	if refusal == nil || refusal.Status != http.StatusForbidden || len(refusal.Header) > 0 {
		t.Errorf("%+v", refusal)
	}
}

// TestAccess: what cannot be is told when the lists are read.
func TestAccess(t *testing.T) {
	for _, test := range []struct{ auth, allow, want string }{
		{"none,token", "", `"none" and others`},
		{"none", "ann", `allow has "ann"`},
		{"jwt", "", `auth has "jwt", of which the server has none`},
		{"Token", "", `auth has "Token"`},
	} {
		if _, err := knows().Access(listed(test.auth), listed(test.allow)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("auth %q, allow %q: %v, expected %q", test.auth, test.allow, err, test.want)
		}
	}
	for _, c := range []*Credentials{nil, {}} {
		for _, test := range []struct{ auth, allow, want string }{
			{"token", "", `auth has "token", of which the server has none`},
			{"", "@all", `allow has "@all"`},
			{"none", "", ""},
			{"", "", ""},
		} {
			a, err := c.Access(listed(test.auth), listed(test.allow))
			switch {
			case a != nil:
				t.Errorf("%+v: an Access without kinds", test)
			case (err == nil) != (test.want == ""), err != nil && !strings.Contains(err.Error(), test.want):
				t.Errorf("%+v: %v", test, err)
			}
		}
	}
}

// TestAdmits: somebody who is known to one program is not asked again by another of the
// same server, but must be one whom that program would let in.
func TestAdmits(t *testing.T) {
	c := knows()
	bob, refusal := mustAccess(t, c, "", "").Check(shows("Authorization: Bearer tok"), Client{})
	if refusal != nil {
		t.Fatal(refusal)
	}
	for _, test := range []struct {
		auth, allow string
		want        int // 0: admitted
	}{
		{"", "", 0}, {"token", "@team-bob", 0}, {"none", "", 0},
		{"password", "", 401}, {"", "ann", 403},
	} {
		status := 0
		if refusal := mustAccess(t, c, test.auth, test.allow).Admits(shows(), bob); refusal != nil {
			status = refusal.Status
		}
		if status != test.want {
			t.Errorf("auth %q, allow %q: %d, expected %d", test.auth, test.allow, status, test.want)
		}
	}
	if mustAccess(t, c, "", "").Admits(shows(), Identity{}) == nil {
		t.Error("nobody is admitted")
	}
}

// TestNamed: a kind that must be named is none of those that a program has without naming
// any, and yet whoever is known by it is known.
func TestNamed(t *testing.T) {
	c := knows()
	c.Named = []Credential{secrets{"certificate", []string{"Bearer"}, map[string]string{"crt": "eve"}}}
	shown := shows("Authorization: Bearer crt")
	for auth, want := range map[string]string{"": "", "token": "", "certificate": "eve", "password,certificate": "eve"} {
		if who, _ := mustAccess(t, c, auth, "").Check(shown, Client{}); who.User != want {
			t.Errorf("auth %q: %q", auth, who.User)
		}
	}
	who, refusal := c.Anyone().Check(shown, Client{})
	if refusal != nil || who.User != "eve" || !c.Knows(who) {
		t.Errorf("%+v, %v", who, refusal)
	}
	c.Kinds = nil
	if a := mustAccess(t, c, "", ""); a != nil {
		t.Error("a kind that nobody names is needed")
	}
	if _, err := c.Access(nil, []string{"eve"}); err == nil || !strings.Contains(err.Error(), `auth does not name "certificate"`) {
		t.Error(err)
	}
	for _, none := range []*Credentials{nil, {}} {
		if none.Anyone() != nil {
			t.Error("nobody is somebody")
		}
	}
}

// TestUnreadable: a kind that cannot read what there is decides, whatever else is shown and in
// whichever order a program names the kinds.
func TestUnreadable(t *testing.T) {
	c := knows()
	c.Kinds = append([]Credential{twice{}}, c.Kinds...)
	for auth, want := range map[string]int{"": 400, "header,token": 400, "token,header": 400, "token": 0} {
		status := 0
		if _, refusal := mustAccess(t, c, auth, "").Check(shows("Authorization: Bearer tok"), Client{}); refusal != nil {
			status = refusal.Status
		}
		if status != want {
			t.Errorf("auth %q: %d, expected %d", auth, status, want)
		}
	}
}

// twice is a Credential of a header that is always there twice.
type twice struct{}

func (twice) Name() string { return "header" }

func (twice) Schemes() []string { return nil }

func (twice) Identify(*http.Request, Client, Proof) (Identity, *Refusal) {
	return Identity{}, &Refusal{Status: http.StatusBadRequest, Reason: "it is there twice"}
}

// TestContradicts: a certificate, or what a proxy says, speaks against another user, and what
// a client shows besides does not.
func TestContradicts(t *testing.T) {
	c := knows()
	c.Kinds = append(c.Kinds, certified{})
	for _, test := range []struct {
		auth, user string
		secure     bool
		want       bool
	}{
		{"", "ann", true, true}, {"", "cat", true, false}, {"", "ann", false, false}, {"password", "ann", true, false},
	} {
		if got := mustAccess(t, c, test.auth, "").Contradicts(Identity{User: test.user}, shows(basic("x:pw")), Client{Secure: test.secure}); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

// certified is a Credential of whoever speaks TLS.
type certified struct{}

func (certified) Name() string { return "certificate" }

func (certified) Schemes() []string { return nil }

func (certified) Identify(_ *http.Request, from Client, _ Proof) (Identity, *Refusal) {
	if !from.Secure {
		return Identity{}, nil
	}
	return Identity{User: "cat", Proof: "CLIENT_CERT"}, nil
}

// TestLocal: who is on this machine, and who might be elsewhere.
func TestLocal(t *testing.T) {
	here, there := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("192.0.2.1")
	for _, test := range []struct {
		client Client
		want   bool
	}{
		{Client{Addr: here, Port: "1"}, true}, {Client{Addr: netip.IPv6Loopback(), Port: "1"}, true}, {Client{Unix: true}, true},
		{Client{Addr: there, Port: "1"}, false}, {Client{}, false},
		{Client{Addr: there, Trusted: true}, false}, {Client{Addr: here, Trusted: true}, true},
		{Client{Addr: here, Port: "1", Trusted: true}, false}, {Client{Unix: true, Trusted: true}, false}, // the proxy's own
		{Client{Unix: true, Addr: there, Trusted: true}, false}, {Client{Unix: true, Addr: here, Trusted: true}, true},
	} {
		if got := test.client.Local(); got != test.want {
			t.Errorf("%+v: %v", test.client, got)
		}
	}
}

// TestMayLogIn: a login stands for what a client shows, and not for what comes by itself.
func TestMayLogIn(t *testing.T) {
	all := &Credentials{Kinds: []Credential{certified{}, &fixed{}}}
	for kind, want := range map[string]bool{"certificate": false, "password": true, "": false} {
		if got := all.MayLogIn(Identity{User: "ann", kind: kind}); got != want {
			t.Errorf("%s: %v", kind, got)
		}
	}
}
