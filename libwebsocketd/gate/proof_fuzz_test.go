package gate

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzProof compares what a request shows with an oracle, and what programs get of the
// request with what they must not.
func FuzzProof(f *testing.F) {
	for _, authorization := range []string{
		"", "Basic YTpi", "bAsIc  YTpi ", "Basic YTpi\nBasic YTpi", "Basic", "Basic YQ==", "Basic YTp=", "Basic YTo=", "Basic YTpiCg==", "Basic YTp_",
		"Basic YTr/", "Basic YTp5 ", "Basic YTp6", "Bearer abc", "BEARER  a.b-c~d ", "Bearer", "Bearer a b", "Bearer a,b", "Bearer \u00e4", "Baſic YTpi", "Digest a", "Basic\tYTpi",
	} {
		f.Add(authorization, "", "/p?a=b&token=secret&tok%65n=2#token=3")
	}
	for _, protocols := range []string{
		"chat, bearer.YWJj", "bearer.YWJj\nchat", "BEARER.YWJj", "bearer.YWJj, bearer.YWJj", "bearer.", "bearer.YWJj=", "bearer.YQ", "bearer.YR", "bearer.CgoK", "xbearer.YWJj", "bearer.YWJ j",
	} {
		f.Add("", protocols, "?token")
	}
	f.Fuzz(func(t *testing.T, authorization, protocols, uri string) {
		r := &http.Request{Header: http.Header{}, URL: &url.URL{Path: "/"}}
		if authorization != "" {
			r.Header["Authorization"] = strings.Split(authorization, "\n")
		}
		if protocols != "" {
			r.Header["Sec-Websocket-Protocol"] = strings.Split(protocols, "\n")
		}
		got, refusal := proofOf(r)
		want, readable := oracleProof(r.Header)
		if got != want || (refusal == nil) != readable || refusal != nil && (refusal.Status != 400 || !oneLine(refusal.Reason, 200)) {
			t.Errorf("Authorization %q, protocols %q: %+v, %v; the oracle says %+v, readable %v", authorization, protocols, got, refusal, want, readable)
		}
		checkWithheld(t, r, uri)
	})
}

// checkWithheld looks for proofs in what programs get, and that all else is there.
func checkWithheld(t *testing.T, r *http.Request, uri string) {
	_, r.URL.RawQuery, _ = strings.Cut(uri, "?")
	r.Header["Referer"] = []string{"", uri}
	kept := (&Credentials{}).Withhold(r)
	if kept.Header["Authorization"] != nil || kept.Header["Proxy-Authorization"] != nil {
		t.Errorf("kept %v", kept.Header)
	}
	if want := oracleOthers(r.Header["Sec-Websocket-Protocol"]); !slices.Equal(oracleList(kept.Header["Sec-Websocket-Protocol"]), want) {
		t.Errorf("of the protocols %q %q are left, not %q", r.Header["Sec-Websocket-Protocol"], kept.Header["Sec-Websocket-Protocol"], want)
	}
	before, _ := url.ParseQuery(r.URL.RawQuery)
	got, _ := url.ParseQuery(kept.URL.RawQuery)
	told := kept.Header["Referer"][1]
	referer, err := url.Parse(told)
	if oracleToken.MatchString("?"+kept.URL.RawQuery) || oracleToken.MatchString(told) || strings.Contains(told, "#") || err == nil && referer.Scheme != "" && referer.User != nil {
		t.Errorf("a secret is left: in the query %q, in the referer %q", kept.URL.RawQuery, told)
	}
	delete(before, "token")
	if delete(got, "token"); !strings.Contains(r.URL.RawQuery, "#") && got.Encode() != before.Encode() {
		t.Errorf("of the query %q %q is left", r.URL.RawQuery, kept.URL.RawQuery)
	}
}

var (
	oracleBasic   = regexp.MustCompile(`^[Bb][Aa][Ss][Ii][Cc](?: +([A-Za-z0-9+/]*={0,2}))? *$`)
	oracleScheme  = regexp.MustCompile(`^(?:([Bb][Aa][Ss][Ii][Cc])|[Bb][Ee][Aa][Rr][Ee][Rr])(?: |$)`)
	oracleBearer  = regexp.MustCompile(`^[Bb][Ee][Aa][Rr][Ee][Rr] +([!-+\x2d-~]+) *$`)
	oracleItem    = regexp.MustCompile(`^(?i:bearer\.)(.*)$`)
	oracleToken   = regexp.MustCompile(`\?(?:.*[&;#])?(?:t|%74)(?:o|%6[Ff])(?:k|%6[Bb])(?:e|%65)(?:n|%6[Ee])=`)
	oracleControl = regexp.MustCompile(`[\x00-\x1f\x7f\x{80}-\x{9f}]`)
)

// oracleProof is proofOf a second time; readable is false where that refuses.
func oracleProof(header http.Header) (p Proof, readable bool) {
	lines := header["Authorization"]
	if len(lines) > 1 {
		return Proof{}, false
	}
	if len(lines) == 0 {
		return oracleProtocols(header["Sec-Websocket-Protocol"])
	}
	kind := oracleScheme.FindStringSubmatch(lines[0])
	if kind == nil {
		return Proof{}, true
	}
	if kind[1] == "" {
		m := oracleBearer.FindStringSubmatch(lines[0])
		if m == nil {
			return Proof{}, false
		}
		return Proof{Scheme: "Bearer", Secret: m[1]}, true
	}
	m := oracleBasic.FindStringSubmatch(lines[0])
	if m == nil || len(m[1])%4 != 0 {
		return Proof{}, false
	}
	plain, ok := oracleBase64(strings.TrimRight(m[1], "="), "+/")
	at := strings.IndexByte(plain, ':')
	if !ok || at < 0 || !utf8.ValidString(plain) || oracleControl.MatchString(plain) {
		return Proof{}, false
	}
	return Proof{Scheme: "Basic", User: plain[:at], Secret: plain[at+1:]}, true
}

// oracleProtocols reads the one item with a token.
func oracleProtocols(lines []string) (p Proof, readable bool) {
	for _, item := range oracleList(lines) {
		m := oracleItem.FindStringSubmatch(item)
		if m == nil {
			continue
		}
		token, ok := oracleBase64(m[1], "-_")
		if !ok || p.Scheme != "" || !oracleBearer.MatchString("bearer "+token) || strings.Trim(token, " ") != token {
			return Proof{}, false
		}
		p = Proof{Scheme: "Bearer", Secret: token}
	}
	return p, true
}

// oracleOthers returns the items without a token, the last one first.
func oracleOthers(lines []string) []string {
	return slices.DeleteFunc(oracleList(lines), func(item string) bool { return oracleItem.MatchString(item) })
}

// oracleBase64 decodes unpadded base64 digit by digit. What is left over must be zero.
func oracleBase64(s, last string) (plain string, ok bool) {
	value, bits := 0, 0
	for _, c := range s {
		digit := strings.IndexRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"+last, c)
		if digit < 0 {
			return "", false
		}
		value, bits = value<<6|digit, bits+6
		if bits >= 8 {
			bits -= 8
			plain += string([]byte{byte(value >> bits)})
			value &= 1<<bits - 1
		}
	}
	return plain, bits < 6 && value == 0
}
