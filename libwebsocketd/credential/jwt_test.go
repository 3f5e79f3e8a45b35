package credential

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"websocketd/libwebsocketd/gate"
)

// good are claims that are taken.
func good() jwt.MapClaims {
	return jwt.MapClaims{"sub": "ann", "aud": "here", "exp": time.Now().Add(time.Hour).Unix()}
}

// with returns good claims with others; nil takes one away.
func with(name string, value any) jwt.MapClaims {
	claims := good()
	if claims[name] = value; value == nil {
		delete(claims, name)
	}
	return claims
}

// sign returns a token.
func sign(alg string, key any, claims jwt.MapClaims, header map[string]any) string {
	token := jwt.NewWithClaims(jwt.GetSigningMethod(alg), claims)
	for name, value := range header {
		token.Header[name] = value
	}
	text, err := token.SignedString(key)
	if err != nil {
		panic(err)
	}
	return text
}

// openJWT returns the credential of a file with a content.
func openJWT(t testing.TB, content string, o JWTOptions) *JWT {
	t.Helper()
	if o.Audience == "" {
		o.Audience = "here"
	}
	j, err := NewJWT(written(t, content), o, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// userOf returns the user of a token, or the refusal.
func userOf(j *JWT, token string) string {
	who, refusal := j.Identify(nil, gate.Client{}, bearer(token))
	if refusal != nil {
		return fmt.Sprint(refusal.Status, " ", refusal.Reason)
	}
	return who.User
}

const notRight = "401 the token is not right"

// TestJWTAlgorithms: a key is for one algorithm, and no token chooses another one.
func TestJWTAlgorithms(t *testing.T) {
	files := map[string]struct{ content, alg, signer string }{
		"PEM RSA":           {pemOf("rsa"), "RS256", "rsa"},
		"PEM P-256":         {pemOf("p256"), "ES256", "p256"},
		"PEM P-384":         {pemOf("p384"), "ES384", "p384"},
		"PEM Ed25519":       {pemOf("ed25519"), "EdDSA", "ed25519"},
		"RSA":               {keySet(jwkOf("rsa", "")), "RS256", "rsa"},
		"RSA of RS384":      {keySet(jwkOf("rsa", `,"alg":"RS384"`)), "RS384", "rsa"},
		"RSA of RS512":      {keySet(jwkOf("rsa", `,"alg":"RS512","use":"sig"`)), "RS512", "rsa"},
		"RSA of PS256":      {keySet(jwkOf("rsa", `,"alg":"PS256"`)), "PS256", "rsa"},
		"P-256":             {keySet(jwkOf("p256", `,"alg":"ES256"`)), "ES256", "p256"},
		"P-384":             {keySet(jwkOf("p384", "")), "ES384", "p384"},
		"Ed25519":           {keySet(jwkOf("ed25519", "")), "EdDSA", "ed25519"},
		"a secret in a set": {keySet(jwkOf("ed25519", ""), jwkOf("secret", "")), "HS256", "secret"},
		"a secret":          {string(signers()["secret"].([]byte)), "HS256", "secret"},
		"a secret, line":    {string(signers()["secret"].([]byte)) + "\r\n", "HS256", "secret"},
	}
	tokens := map[string]string{}
	for _, s := range []struct{ signer, algs string }{
		{"rsa", "RS256 RS384 RS512 PS256 PS384 PS512"}, {"p256", "ES256"}, {"p384", "ES384"}, {"p521", "ES512"}, {"ed25519", "EdDSA"}, {"secret", "HS256 HS384 HS512"},
	} {
		for _, alg := range strings.Fields(s.algs) {
			tokens[alg] = sign(alg, signers()[s.signer], good(), nil)
		}
	}
	for name, f := range files {
		var o JWTOptions
		if f.signer == "secret" {
			o.Algorithms = []string{"HS256"}
		}
		j := openJWT(t, f.content, o)
		for alg, token := range tokens {
			want := notRight
			if alg == f.alg {
				want = "ann"
			}
			if got := userOf(j, token); got != want {
				t.Errorf("%s: a token of %s: %s", name, alg, got)
			}
		}
		checkConfused(t, name, j, f.content, f.signer)
	}
}

// checkConfused shows tokens that no key has signed: of no algorithm, and with the public key
// as a secret.
func checkConfused(t *testing.T, name string, j *JWT, content, signer string) {
	none := sign("none", jwt.UnsafeAllowNoneSignatureType, good(), nil)
	forged := []string{none, strings.Replace(none, none[:strings.IndexByte(none, '.')], base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"NONE"}`)), 1)}
	if signer != "secret" {
		der, _ := x509.MarshalPKIXPublicKey(publicOf(signer))
		block, _ := pem.Decode([]byte(pemOf(signer)))
		for _, secret := range [][]byte{[]byte(content), []byte(strings.TrimSpace(content)), der, block.Bytes, {}} {
			for _, alg := range []string{"HS256", "HS384", "HS512"} {
				forged = append(forged, sign(alg, secret, good(), nil))
			}
		}
	}
	for _, token := range forged {
		if got := userOf(j, token); got != notRight {
			t.Errorf("%s: the forged token %s: %s", name, token, got)
		}
	}
}

// TestJWTClaims: whose token it is, for whom, from whom and when.
func TestJWTClaims(t *testing.T) {
	now := time.Now().Unix()
	const lacks = "401 the token lacks a claim that is needed here, or has one that cannot be read"
	const noUser = "401 the token names no user who can be printed"
	for _, test := range []struct {
		name   string
		claims jwt.MapClaims
		o      JWTOptions
		want   string
	}{
		{"good", good(), JWTOptions{}, "ann"},
		{"another aud", with("aud", "there"), JWTOptions{}, "401 the token is for another audience"},
		{"one of many aud", with("aud", []string{"there", "here"}), JWTOptions{}, "ann"},
		{"none of many aud", with("aud", []string{"there", "Here"}), JWTOptions{}, "401 the token is for another audience"},
		{"no aud", with("aud", nil), JWTOptions{}, lacks},
		{"an aud of no kind", with("aud", 7), JWTOptions{}, lacks},
		{"iss", with("iss", "https://id.example"), JWTOptions{Issuer: "https://id.example"}, "ann"},
		{"another iss", with("iss", "https://id.example.evil"), JWTOptions{Issuer: "https://id.example"}, "401 the token is from another issuer"},
		{"no iss", good(), JWTOptions{Issuer: "https://id.example"}, lacks},
		{"any iss", with("iss", "x"), JWTOptions{}, "ann"},
		{"expired", with("exp", now-31), JWTOptions{}, "401 the token has expired"},
		{"expired within the leeway", with("exp", now-20), JWTOptions{}, "ann"},
		{"no exp", with("exp", nil), JWTOptions{}, lacks},
		{"exp of 0", with("exp", 0), JWTOptions{}, lacks},
		{"exp as text", with("exp", "9999999999"), JWTOptions{}, lacks},
		{"nbf to come", with("nbf", now+60), JWTOptions{}, "401 the token is not good yet"},
		{"nbf within the leeway", with("nbf", now+20), JWTOptions{}, "ann"},
		{"nbf as text", with("nbf", "1"), JWTOptions{}, lacks},
		{"nbf in eternity", with("nbf", 1e300), JWTOptions{}, lacks},
		{"nbf beyond what is counted", with("nbf", 1<<63-1), JWTOptions{}, lacks},
		{"exp before all time", with("exp", -1e300), JWTOptions{}, "401 the token has expired"},
		{"nbf far off", with("nbf", 1<<61), JWTOptions{}, "401 the token is not good yet"},
		{"iat in eternity", with("iat", 1e300), JWTOptions{}, lacks},
		{"an exp far off", with("exp", 1<<61), JWTOptions{}, "ann"},
		{"a sub with a blank before", with("sub", " ann"), JWTOptions{}, noUser},
		{"a sub with a blank after", with("sub", "ann "), JWTOptions{}, noUser},
		{"a sub with a blank within", with("sub", "ann b"), JWTOptions{}, "ann b"},
		{"no sub", with("sub", nil), JWTOptions{}, noUser},
		{"an empty sub", with("sub", ""), JWTOptions{}, noUser},
		{"a number as sub", with("sub", 7), JWTOptions{}, noUser},
		{"a sub of two lines", with("sub", "ann\nroot"), JWTOptions{}, noUser},
		{"a long sub", with("sub", strings.Repeat("a", 257)), JWTOptions{}, noUser},
		{"a Unicode sub", with("sub", "Zoë"), JWTOptions{}, "Zoë"},
		{"another claim", with("email", "ann@example.com"), JWTOptions{UserClaim: "email"}, "ann@example.com"},
		{"no such claim", good(), JWTOptions{UserClaim: "email"}, noUser},
	} {
		t.Run(test.name, func(t *testing.T) {
			j := openJWT(t, pemOf("ed25519"), test.o)
			if got := userOf(j, sign("EdDSA", signers()["ed25519"], test.claims, nil)); got != test.want {
				t.Errorf("%s, expected %s", got, test.want)
			}
		})
	}
}

// TestJWTIdentity: what is known besides the user.
func TestJWTIdentity(t *testing.T) {
	for want, claim := range map[string]any{"admin,dev": []any{"admin", 7, "dev"}, "ops": "ops", "": map[string]any{"a": 1}} {
		j := openJWT(t, pemOf("ed25519"), JWTOptions{})
		who, refusal := j.Identify(nil, gate.Client{}, bearer(sign("EdDSA", signers()["ed25519"], with("groups", claim), nil)))
		if refusal != nil || who.Proof != "Bearer" || strings.Join(who.Groups, ",") != want || !j.Knows(who) {
			t.Errorf("%+v, %v", who, refusal)
		}
		if who, refusal := j.Identify(nil, gate.Client{}, gate.Proof{Scheme: "Basic", User: "a", Secret: "b"}); refusal != nil || who.User != "" {
			t.Errorf("of a password: %+v, %v", who, refusal)
		}
	}
}

// TestJWTKid: where keys have names, that of the token counts.
func TestJWTKid(t *testing.T) {
	two := keySet(jwkOf("rsa", `,"kid":"one"`), jwkOf("rsa2", `,"kid":"two"`), jwkOf("p256", `,"kid":"one"`))
	for _, test := range []struct {
		name, content, signer string
		header                map[string]any
		want                  string
	}{
		{"its key", two, "rsa", map[string]any{"kid": "one"}, "ann"},
		{"the other key", two, "rsa", map[string]any{"kid": "two"}, notRight},
		{"an unknown one", two, "rsa", map[string]any{"kid": "three"}, notRight},
		{"of another kind", two, "rsa2", map[string]any{"kid": "one"}, notRight},
		{"none, first key", two, "rsa", nil, "ann"},
		{"none, second key", two, "rsa2", nil, "ann"},
		{"no text", two, "rsa2", map[string]any{"kid": 7}, "ann"},
		{"keys without", pemOf("rsa2", "rsa"), "rsa", map[string]any{"kid": "whatever"}, "ann"},
		{"a path", two, "rsa", map[string]any{"kid": "../../etc/passwd"}, notRight},
		{"a key in the token", two, "rsa2", map[string]any{"kid": "x", "jwk": map[string]any{"kty": "RSA"}, "jku": "http://evil.example"}, notRight},
		{"what must be understood", two, "rsa", map[string]any{"crit": []string{"exp"}}, notRight},
	} {
		t.Run(test.name, func(t *testing.T) {
			j := openJWT(t, test.content, JWTOptions{})
			if got := userOf(j, sign("RS256", signers()[test.signer], good(), test.header)); got != test.want {
				t.Errorf("%s, expected %s", got, test.want)
			}
		})
	}
}

// TestJWTNarrowed: --jwtalg takes keys away, and adds none.
func TestJWTNarrowed(t *testing.T) {
	both := pemOf("rsa", "p256")
	j := openJWT(t, both, JWTOptions{Algorithms: []string{"ES256", "RS512"}})
	if got := userOf(j, sign("RS256", signers()["rsa"], good(), nil)); got != notRight {
		t.Error(got)
	}
	if got := userOf(j, sign("RS512", signers()["rsa"], good(), nil)); got != notRight {
		t.Error(got)
	}
	if got := userOf(j, sign("ES256", signers()["p256"], good(), nil)); got != "ann" {
		t.Error(got)
	}
	_, err := NewJWT(written(t, both), JWTOptions{Audience: "here", Algorithms: []string{"EdDSA"}}, nil)
	if err == nil || !strings.HasSuffix(err.Error(), ": it has a key for RS256, and none for EdDSA") {
		t.Error(err)
	}
	if CheckAlgorithm("none") == nil || CheckAlgorithm("HS512") == nil || CheckAlgorithm("ES384") != nil {
		t.Error("CheckAlgorithm")
	}
	if _, err := NewJWT(written(t, both), JWTOptions{}, nil); err == nil || !strings.Contains(err.Error(), "audience") {
		t.Errorf("without an audience: %v", err)
	}
}

// TestJWTRotated: a changed file is taken up, what was remembered of the old one is not, and
// its logins are void. A broken one changes nothing.
func TestJWTRotated(t *testing.T) {
	content := map[string]string{"old": keySet(jwkOf("p256", `,"kid":"1"`)), "both": keySet(jwkOf("p256", `,"kid":"1"`), jwkOf("ed25519", `,"kid":"2"`)),
		"broken": `{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}`, "new": keySet(jwkOf("ed25519", `,"kid":"2"`))}
	name := written(t, content["old"])
	old, next := sign("ES256", signers()["p256"], with("exp", 1<<40), nil), sign("EdDSA", signers()["ed25519"], with("exp", 1<<40), nil)
	synctest.Test(t, func(t *testing.T) {
		var r reported
		j, err := NewJWT(name, JWTOptions{Audience: "here"}, r.add)
		if err != nil {
			t.Fatal(err)
		}
		who, _ := j.Identify(nil, gate.Client{}, bearer(old))
		for _, step := range []struct {
			file      string
			old, next bool
			report    string
		}{{"old", true, false, ""}, {"both", true, true, ""}, {"broken", true, true, ": key 1: x and y of P-256 are not 32 bytes each"}, {"new", false, true, ""}} {
			write(t, name, content[step.file])
			lookAgain()
			if remembers(j, old) && step.file != "old" && step.file != "broken" {
				t.Errorf("%s: a token is remembered that the old file has signed", step.file)
			}
			if gotOld, gotNext := userOf(j, old) == "ann", userOf(j, next) == "ann"; gotOld != step.old || gotNext != step.next || j.Knows(who) != step.old {
				t.Errorf("%s: the old key %v, the next %v, the login %v", step.file, gotOld, gotNext, j.Knows(who))
			}
			if remembers(j, old) != step.old || remembers(j, next) != step.next {
				t.Errorf("%s: what was shown is not remembered", step.file)
			}
			r.must(t, step.report)
		}
	})
}

// TestJWTBrokenDownload: what comes in place of the keys, at the start or later, never becomes
// a secret by which everyone could sign.
func TestJWTBrokenDownload(t *testing.T) {
	block, _ := pem.Decode([]byte(pemOf("p256")))
	page := "<html><body><h1>502 Bad Gateway</h1></body></html>\n"
	for name, content := range map[string]string{
		"a page": page, "DER": string(block.Bytes), "a list": "[" + jwkOf("ed25519", "") + "]", "a URL": "https://id.example.com/.well-known/jwks.json\n",
		"an SSH key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKd6zq0X6b8ZQmA ann@here\n", "a secret": string(signers()["secret"].([]byte)), "a set of a secret": keySet(jwkOf("secret", "")),
	} {
		file := written(t, content)
		if _, err := NewJWT(file, JWTOptions{Audience: "here"}, nil); err == nil || !strings.Contains(err.Error(), "--jwtalg=HS256") {
			t.Errorf("%s, at the start: %v", name, err)
		}
		write(t, file, pemOf("ed25519"))
		synctest.Test(t, func(t *testing.T) {
			var r reported
			j, err := NewJWT(file, JWTOptions{Audience: "here"}, r.add)
			if err != nil {
				t.Fatal(err)
			}
			write(t, file, content)
			lookAgain()
			secret := []byte(strings.TrimSuffix(content, "\n"))
			if got := userOf(j, sign("HS256", secret, with("exp", 1<<40), nil)); got != notRight {
				t.Errorf("%s, later: %s", name, got)
			}
			if got := userOf(j, sign("EdDSA", signers()["ed25519"], with("exp", 1<<40), nil)); got != "ann" {
				t.Errorf("%s: the old key: %s", name, got)
			}
			r.must(t, "--jwtalg=HS256")
		})
	}
}

func remembers(j *JWT, token string) bool {
	right, ok := j.right.Get(bearer(token))
	return ok && right.by == j.file.current()
}

// TestJWTIsForgotten: what is remembered of a token ends with it.
func TestJWTIsForgotten(t *testing.T) {
	j := openJWT(t, pemOf("ed25519"), JWTOptions{})
	synctest.Test(t, func(t *testing.T) {
		token := sign("EdDSA", signers()["ed25519"], with("exp", time.Now().Add(time.Minute).Unix()), nil)
		for range 2 {
			if got := userOf(j, token); got != "ann" || !remembers(j, token) {
				t.Error(got)
			}
		}
		time.Sleep(time.Minute + jwtLeeway)
		if got := userOf(j, token); got != "401 the token has expired" || remembers(j, token) {
			t.Error(got)
		}
	})
}

// TestJWTGarbage: what is no token at all is refused alike, however large.
func TestJWTGarbage(t *testing.T) {
	j := openJWT(t, pemOf("rsa", "p256", "ed25519"), JWTOptions{})
	real := sign("ES256", signers()["p256"], good(), nil)
	parts := strings.Split(real, ".")
	b64 := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for _, token := range []string{
		"x", ".", "..", "...", real + ".", "." + real, real + "=", real[:len(real)-1], real[:len(real)-4], parts[0] + "." + parts[1], parts[0] + "." + parts[1] + ".",
		parts[0] + ".e30." + parts[2], parts[0] + "." + parts[1] + "." + parts[1], "e30." + parts[1] + "." + parts[2],
		b64(`{"alg":"ES256"}`) + "." + parts[1] + "." + parts[2], b64(`{"alg":7}`) + "." + parts[1] + "." + parts[2], b64(`null`) + ".e30.e30",
		b64(`{"alg":"ES256"}`) + "." + b64(`null`) + "." + parts[2], b64(`{"alg":"EdDSA"}`) + "." + b64(`[]`) + "." + parts[2],
		parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64)),
		strings.Repeat("a.", 8000) + "a", strings.Repeat("e30", 5000) + "." + strings.Repeat("e30", 300) + ".x",
		b64(`{"alg":"ES256","x":`+strings.Repeat("[", 4000)+strings.Repeat("]", 4000)+`}`) + ".e30.e30",
	} {
		if got := userOf(j, token); got != notRight && got != "401 the token is too long" {
			t.Errorf("%.60s: %s", token, got)
		}
	}
	if got := userOf(j, sign("ES256", signers()["p256"], with("pad", strings.Repeat("x", longestJWT)), nil)); got != "401 the token is too long" {
		t.Errorf("a huge token: %s", got)
	}
}
