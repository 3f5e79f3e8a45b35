package gate

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// shows returns a request with header lines.
func shows(lines ...string) *http.Request {
	r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/"}, Header: http.Header{}}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	return r
}

func basic(pair string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
}

func offers(token string) string {
	return "Sec-WebSocket-Protocol: " + BearerPrefix + base64.RawURLEncoding.EncodeToString([]byte(token))
}

// TestProofOf lists what a request may show, and what cannot be read.
func TestProofOf(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  Proof
	}{
		{nil, Proof{}},
		{[]string{basic("ann:p w")}, Proof{"Basic", "ann", "p w"}},
		{[]string{basic("ann:a:b")}, Proof{"Basic", "ann", "a:b"}},
		{[]string{basic(":")}, Proof{"Basic", "", ""}},
		{[]string{basic("änn:p\u00e9")}, Proof{"Basic", "änn", "p\u00e9"}},
		{[]string{"Authorization: bAsIc   YTpi"}, Proof{"Basic", "a", "b"}},
		{[]string{"Authorization: Bearer t0ken"}, Proof{"Bearer", "", "t0ken"}},
		{[]string{"Authorization: BEARER  a.b-c_d~e+f/g== "}, Proof{"Bearer", "", "a.b-c_d~e+f/g=="}},
		{[]string{"Authorization: Digest username=ann"}, Proof{}},
		{[]string{"Authorization: "}, Proof{}},
		{[]string{"Authorization: Bearer\tx"}, Proof{}},
		{[]string{offers("t0ken")}, Proof{"Bearer", "", "t0ken"}},
		{[]string{"Sec-WebSocket-Protocol: chat,\t" + BearerPrefix + "dDBrZW4 , json"}, Proof{"Bearer", "", "t0ken"}},
		{[]string{"Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: BeArEr.dDBrZW4"}, Proof{"Bearer", "", "t0ken"}},
		{[]string{"Sec-WebSocket-Protocol: bearer, bear"}, Proof{}},
		{[]string{"Authorization: Bearer t0ken", offers("other")}, Proof{"Bearer", "", "t0ken"}},
	} {
		got, refusal := proofOf(shows(c.lines...))
		if refusal != nil || got != c.want {
			t.Errorf("%q: %+v, %v, expected %+v", c.lines, got, refusal, c.want)
		}
	}
	for _, lines := range [][]string{
		{"Authorization: Bearer a", "Authorization: Bearer a"},
		{"Authorization: Bearer"}, {"Authorization: Bearer "}, {"Authorization: Bearer a b"}, {"Authorization: Bearer a,b"},
		{"Authorization: Basic"}, {"Authorization: Basic ****"}, {"Authorization: Basic YQ=="}, {"Authorization: Basic YTpi="},
		{basic("ann:\xff")}, {basic("ann:\n")}, {basic("a\x00nn:p")}, {basic("ann:\x7f")},
		{"Sec-WebSocket-Protocol: bearer."}, {"Sec-WebSocket-Protocol: bearer.dDBrZW4="}, {"Sec-WebSocket-Protocol: bearer.a"},
		{offers("one"), offers("two")}, {offers("one"), offers("one")},
	} {
		got, refusal := proofOf(shows(lines...))
		if refusal == nil || refusal.Status != http.StatusBadRequest || got != (Proof{}) {
			t.Errorf("%q: %+v, %v, expected 400", lines, got, refusal)
		}
	}
}

// TestWithhold: programs do not see what proves who a client is, and see everything else.
func TestWithhold(t *testing.T) {
	r := shows("Authorization: Bearer s3cret", "Proxy-Authorization: Basic s3cret", "X-Own: 1", "Cookie: a=b",
		"Referer: ", "Referer: http://ann:s3cret@a.com/?x=1&token=s3cret#part", "Referer: http://a.com/#?token=s3cret", "Sec-WebSocket-Protocol: chat, bearer.s3cret,json", "Sec-WebSocket-Protocol: Bearer.s3cret")
	r.URL = &url.URL{Path: "/p", RawQuery: "a=1&token=s3cret&b=%20&t%6fken=s3cret&tokens=2#&token=s3cret"}
	before := r.Header.Clone()
	kept := new(Credentials).Withhold(r)
	want := shows("X-Own: 1", "Cookie: a=b", "Referer: ", "Referer: http://a.com/?x=1", "Referer: http://a.com/", "Sec-WebSocket-Protocol: chat, json").Header
	for name := range before {
		if !slices.Equal(kept.Header[name], want[name]) {
			t.Errorf("%s is %q, expected %q", name, kept.Header[name], want[name])
		}
	}
	if got := kept.URL.RequestURI(); got != "/p?a=1&b=%20&tokens=2#" {
		t.Errorf("the URL is %s", got)
	}
	if !strings.Contains(r.URL.RawQuery, "s3cret") || !slices.Equal(r.Header["Referer"], before["Referer"]) || len(r.Header) != len(before) {
		t.Error("the request itself was changed")
	}
	if (*Credentials)(nil).Withhold(r) != r {
		t.Error("without credentials something is withheld")
	}
}

// TestWithoutToken: whatever net/url takes for the key token is left out, and nothing else.
func TestWithoutToken(t *testing.T) {
	for uri, want := range map[string]string{
		"":                            "",
		"/":                           "/",
		"/?":                          "/?",
		"/?a":                         "/?a",
		"/?token":                     "/?token",
		"/?token=x":                   "/",
		"/?token=x#f":                 "/",
		"/?a=1#&token=x":              "/?a=1#",
		"/?a=1#token=x#b&c":           "/?a=1&c",
		"/?a#b=1#tok%65n=x":           "/?a#b=1",
		"/#?token=x":                  "/#",
		"/?a=1&token=x&b=2":           "/?a=1&b=2",
		"/?token=x&token=y&a=token":   "/?a=token",
		"/?%74%6F%6b%65%6E=x&a":       "/?a",
		"/?Token=x&tokens=x&a=?token": "/?Token=x&tokens=x&a=?token",
		"http://h/p?token=x&session=": "http://h/p?session=",
		"/?%zz=1&token=x":             "/?%zz=1",
		"/?a=1;token=x;b=2&token=y":   "/?a=1;b=2",
		"/?token=x;token=y":           "/",
		"http://u:p@h:1/@?a=@":        "http://h:1/@?a=@",
		"http://u@p@h?token=x":        "http://h",
		"/a@b://c@d/":                 "/a@b://c@d/",
	} {
		if got := WithoutToken(uri); got != want {
			t.Errorf("%s: %s, expected %s", uri, got, want)
		}
	}
}

// TestMaskTicketLike: a ticket that was written in another way than it is used is still good,
// so the log does not have it.
func TestMaskTicketLike(t *testing.T) {
	t.Parallel()
	ticket := "TmRUYy0v-GfhPf1PXKO-S1leQeyYfhygVn1O33RRl_k"
	for _, before := range []string{"/token=", "/?TOKEN=", "/?Token%3D", "/?token%253d", "/a?b&amp;token=", "/;t%6Fken=", "/?x=%2574oken=", "/?xtoken="} {
		if got := MaskToken(before + ticket + "/?a=1"); !strings.HasPrefix(got, before+"...") || strings.Contains(got, ticket[1:]) {
			t.Errorf("%s: %s", before, got)
		}
		if got := MaskToken(before + "%54" + ticket[1:]); strings.Contains(got, ticket[1:]) {
			t.Errorf("%s, encoded: %s", before, got)
		}
	}
	for _, uri := range []string{"/token=" + ticket[1:], "/" + ticket, "/?TOKEN=short&x=" + ticket, "/?tokens=" + ticket} {
		if got := MaskToken(uri); got != uri {
			t.Errorf("%s: %s", uri, got)
		}
	}
}

// TestMaskToken: the log has no value of token=, and the rest as it was sent.
func TestMaskToken(t *testing.T) {
	for uri, want := range map[string]string{
		"/":                       "/",
		"/?":                      "/?",
		"/?a=1&b":                 "/?a=1&b",
		"/?token=x":               "/?token=...",
		"/?a&token=x&token=y&b=1": "/?a&token=...&token=...&b=1",
		"/?t%6Fken=x":             "/?t%6Fken=...",
		"/?a=token=x":             "/?a=token=x",
		"/?a;token=x;b&c":         "/?a;token=...;b&c",
		"/?token":                 "/?token",
		"/?a=1#&token=x":          "/?a=1#&token=...",
		"/?a=1#token=x#y":         "/?a=1#token=...",
		"http://ann:x@h/?token=x": "http://h/?token=...",
	} {
		if got := MaskToken(uri); got != want {
			t.Errorf("%s: %s, expected %s", uri, got, want)
		}
	}
}

// TestMaskTokenCost: a URL of a stranger with thousands of # in it costs no more than to read it: each
// look at all of an escaped rest would allocate.
func TestMaskTokenCost(t *testing.T) {
	for _, query := range []string{strings.Repeat("%41#", 7000), strings.Repeat("%41#", 7000) + "=1"} {
		if n := testing.AllocsPerRun(1, func() { MaskToken("/?" + query) }); n > 50 {
			t.Errorf("%v allocations", n)
		}
	}
}
