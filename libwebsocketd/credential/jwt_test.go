package credential

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math"
	"math/big"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"websocketd/libwebsocketd/gate"
)

// signers has private keys by name, made once: RSA takes a while.
var signers = sync.OnceValue(func() map[string]any {
	all := map[string]any{"secret": []byte("a secret of thirty-two bytes, or more")}
	for _, name := range []string{"rsa", "rsa2"} {
		all[name], _ = rsa.GenerateKey(rand.Reader, 2048)
	}
	for name, curve := range map[string]elliptic.Curve{"p256": elliptic.P256(), "p384": elliptic.P384(), "p521": elliptic.P521()} {
		all[name], _ = ecdsa.GenerateKey(curve, rand.Reader)
	}
	_, all["ed25519"], _ = ed25519.GenerateKey(rand.Reader)
	return all
})

// publicOf returns the public key of a signer; nil for a secret.
func publicOf(name string) any {
	switch key := signers()[name].(type) {
	case *rsa.PrivateKey:
		return &key.PublicKey
	case *ecdsa.PrivateKey:
		return &key.PublicKey
	case ed25519.PrivateKey:
		return key.Public()
	}
	return nil
}

// pemOf returns public keys in PEM form.
func pemOf(names ...string) (text string) {
	for _, name := range names {
		der, _ := x509.MarshalPKIXPublicKey(publicOf(name))
		text += string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	return text
}

// jwkOf returns a public key as a JSON Web Key with some more members.
func jwkOf(name, more string) string {
	b64 := base64.RawURLEncoding.EncodeToString
	switch key := publicOf(name).(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf(`{"kty":"RSA","n":%q,"e":%q%s}`, b64(key.N.Bytes()), b64(big.NewInt(int64(key.E)).Bytes()), more)
	case *ecdsa.PublicKey:
		point, _ := key.Bytes()
		half := len(point) / 2
		return fmt.Sprintf(`{"kty":"EC","crv":%q,"x":%q,"y":%q%s}`, key.Params().Name, b64(point[1:1+half]), b64(point[1+half:]), more)
	case ed25519.PublicKey:
		return fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","x":%q%s}`, b64(key), more)
	}
	return `{"kty":"oct","k":"` + b64(signers()[name].([]byte)) + `"}`
}

func keySet(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }

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
		"PEM RSA":        {pemOf("rsa"), "RS256", "rsa"},
		"PEM P-256":      {pemOf("p256"), "ES256", "p256"},
		"PEM P-384":      {pemOf("p384"), "ES384", "p384"},
		"PEM Ed25519":    {pemOf("ed25519"), "EdDSA", "ed25519"},
		"RSA":            {keySet(jwkOf("rsa", "")), "RS256", "rsa"},
		"RSA of RS384":   {keySet(jwkOf("rsa", `,"alg":"RS384"`)), "RS384", "rsa"},
		"RSA of RS512":   {keySet(jwkOf("rsa", `,"alg":"RS512","use":"sig"`)), "RS512", "rsa"},
		"RSA of PS256":   {keySet(jwkOf("rsa", `,"alg":"PS256"`)), "PS256", "rsa"},
		"P-256":          {keySet(jwkOf("p256", `,"alg":"ES256"`)), "ES256", "p256"},
		"P-384":          {keySet(jwkOf("p384", "")), "ES384", "p384"},
		"Ed25519":        {keySet(jwkOf("ed25519", "")), "EdDSA", "ed25519"},
		"a secret":       {string(signers()["secret"].([]byte)), "HS256", "secret"},
		"a secret, line": {string(signers()["secret"].([]byte)) + "\r\n", "HS256", "secret"},
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
		j := openJWT(t, f.content, JWTOptions{})
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
			if j.Remembers(bearer(old)) && step.file != "old" && step.file != "broken" {
				t.Errorf("%s: a token is remembered that the old file has signed", step.file)
			}
			if gotOld, gotNext := userOf(j, old) == "ann", userOf(j, next) == "ann"; gotOld != step.old || gotNext != step.next || j.Knows(who) != step.old {
				t.Errorf("%s: the old key %v, the next %v, the login %v", step.file, gotOld, gotNext, j.Knows(who))
			}
			if j.Remembers(bearer(old)) != step.old || j.Remembers(bearer(next)) != step.next {
				t.Errorf("%s: what was shown is not remembered", step.file)
			}
			r.must(t, step.report)
		}
	})
}

// TestJWTIsForgotten: what is remembered of a token ends with it.
func TestJWTIsForgotten(t *testing.T) {
	j := openJWT(t, pemOf("ed25519"), JWTOptions{})
	synctest.Test(t, func(t *testing.T) {
		token := sign("EdDSA", signers()["ed25519"], with("exp", time.Now().Add(time.Minute).Unix()), nil)
		for range 2 {
			if got := userOf(j, token); got != "ann" || !j.Remembers(bearer(token)) {
				t.Error(got)
			}
		}
		time.Sleep(time.Minute + jwtLeeway)
		if got := userOf(j, token); got != "401 the token has expired" || j.Remembers(bearer(token)) {
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

// TestKeyFiles: what cannot be a file of keys, and what in it is ignored.
func TestKeyFiles(t *testing.T) {
	weak, _ := rsa.GenerateKey(rand.Reader, 1024)
	weakDER, _ := x509.MarshalPKIXPublicKey(&weak.PublicKey)
	private, _ := x509.MarshalPKCS8PrivateKey(signers()["p256"])
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	enc := jwkOf("rsa", `,"use":"enc"`)
	other := []string{enc, jwkOf("p521", ""), jwkOf("secret", ""), `{"kty":"AKP","pub":"x"}`, jwkOf("rsa", `,"alg":"RSA-OAEP"`), jwkOf("rsa", `,"alg":"HS256"`), jwkOf("p256", `,"alg":"ES384"`)}
	unused := keySet(other...)
	for _, test := range []struct{ name, content, want string }{
		{"empty", " \n", "the file is empty"},
		{"a short secret", "too short for this\n", "as a secret for HS256 it has 18 bytes: 32 are the least"},
		{"no block", "-----BEGIN PUBLIC KEY-----\nx\n", "no block of PEM that can be read"},
		{"a private key", pemOf("rsa") + block("PRIVATE KEY", private), "block 2, PRIVATE KEY: a private key is not needed here"},
		{"another block", block("X509 CRL", private), "block 1, X509 CRL: it is neither a PUBLIC KEY nor a CERTIFICATE"},
		{"weak RSA", block("PUBLIC KEY", weakDER), "the RSA key has 1024 bits, not 2048 to 8192"},
		{"P-521", pemOf("p521"), "the curve P-521 is not used here"},
		{"garbage in a block", block("PUBLIC KEY", []byte("x")), "block 1, PUBLIC KEY: "},
		{"no JSON", "{", "it is no JSON Web Key Set: "},
		{"a single key", jwkOf("rsa", ""), `public key in "keys" that is used here`},
		{"no keys", `{"keys":[]}`, `public key in "keys" that is used here`},
		{"nothing that is used", unused, `public key in "keys" that is used here`},
		{"a private JWK", keySet(jwkOf("p256", `,"d":"AAAA"`)), "key 1: a private key is not needed here"},
		{"a point elsewhere", keySet(strings.Replace(jwkOf("p256", ""), `"x":"`, `"x":"`+strings.Repeat("A", 43)+`","_":"`, 1)), "key 1: x and y are no point of P-256"},
		{"a short Ed25519", keySet(`{"kty":"OKP","crv":"Ed25519","x":"AAAA"}`), "key 1: x of Ed25519 cannot be read"},
		{"RSA without e", keySet(`{"kty":"RSA","n":"AQAB"}`), "key 1: n or e of RSA cannot be read"},
		{"RSA of even e", keySet(strings.Replace(jwkOf("rsa", ""), `"AQAB"`, `"AQAA"`, 1)), "key 1: n or e of RSA cannot be read"},
	} {
		if _, err := parseKeys([]byte(test.content)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, expected %q", test.name, err, test.want)
		}
	}
	keys, err := parseKeys([]byte("\ufeff" + keySet(append(other, jwkOf("ed25519", `,"kid":"1"`))...)))
	if err != nil || len(keys) != 1 || keys[0].alg != "EdDSA" || keys[0].kid != "1" {
		t.Errorf("%+v, %v", keys, err)
	}
	pkcs1 := block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(publicOf("rsa").(*rsa.PublicKey)))
	if keys, err := parseKeys([]byte("a comment\n" + pkcs1 + pemOf("p384"))); err != nil || len(keys) != 2 {
		t.Errorf("%+v, %v", keys, err)
	}
}

// TestSecretThatOthersRead: a secret is told of whose file others can read; public keys are
// public.
func TestSecretThatOthersRead(t *testing.T) {
	for content, want := range map[string]string{string(signers()["secret"].([]byte)): "has secrets in it", pemOf("p256"): ""} {
		name := written(t, content)
		if err := os.Chmod(name, 0o640); err != nil {
			t.Fatal(err)
		}
		var r reported
		if _, err := NewJWT(name, JWTOptions{Audience: "here"}, r.add); err != nil {
			t.Fatal(err)
		}
		r.must(t, want)
	}
}

// FuzzJWT shows tokens that nobody has signed, and claims that we have, which an oracle reads.
func FuzzJWT(f *testing.F) {
	real := sign("EdDSA", signers()["ed25519"], with("exp", 1<<40), nil)
	f.Add(real, `{"alg":"HS256"}`, `{"sub":"ann","aud":"here","exp":1099511627776}`)
	f.Add("a.b.c", `{"alg":"none"}`, `{"sub":"ann","aud":["x","here"],"exp":1e12,"nbf":3}`)
	f.Add(real[:len(real)-2], `{"alg":"HS256","crit":[]}`, `{"sub":"\u0007","aud":7,"exp":"1"}`)
	f.Add(real, `{"alg":"RS256","kid":"x"}`, `{"sub":"ann","aud":"here","exp":-1.5e3,"nbf":null}`)
	f.Add("", `{"alg":"HS256","alg":"none"}`, `{"sub":"ann","AUD":"here","exp":1099511627776}`)
	secret := signers()["secret"].([]byte)
	public, own := openJWT(f, pemOf("rsa", "p256", "ed25519"), JWTOptions{}), openJWT(f, string(secret), JWTOptions{})
	f.Fuzz(func(t *testing.T, token, header, claims string) {
		b64 := base64.RawURLEncoding.EncodeToString
		signed := b64([]byte(header)) + "." + b64([]byte(claims))
		mac, _ := jwt.SigningMethodHS256.Sign(signed, secret)
		for _, forged := range []string{token, signed + ".", signed + "." + b64(mac), token + "." + b64(mac)} {
			if got := userOf(public, forged); got == "ann" && forged[:strings.LastIndexByte(forged, '.')] != real[:strings.LastIndexByte(real, '.')] {
				t.Errorf("nobody has signed %s", forged)
			}
		}
		who, _ := own.Identify(nil, gate.Client{}, bearer(signed+"."+b64(mac)))
		if want, clear := oracleClaims(header, claims); clear && who.User != want {
			t.Errorf("%s %s: %q, the oracle says %q", header, claims, who.User, want)
		}
	})
}

// oracleClaims returns the user of a token of ours, "" for none. clear is false where the
// clock or the size of a number decides.
func oracleClaims(header, claims string) (user string, clear bool) {
	var h, c map[string]any
	if len(header)+len(claims) > longestJWT/2 {
		return "", false
	}
	if json.Unmarshal([]byte(header), &h) != nil || json.Unmarshal([]byte(claims), &c) != nil {
		return "", true
	}
	exp, hasExp := c["exp"].(float64)
	nbf, hasNbf := c["nbf"].(float64)
	now := float64(time.Now().Unix())
	for _, limit := range []float64{exp + 30 - now, nbf - 30 - now} {
		if math.Abs(limit) < 5 || math.Abs(limit) > 1e15 {
			return "", false
		}
	}
	_, crit := h["crit"]
	user, _ = c["sub"].(string)
	switch {
	case h["alg"] != any("HS256") || crit || !oracleAudience(c["aud"]) || CheckUser(user) != nil:
		return "", true
	case !hasExp || exp == 0 || exp+30 < now:
		return "", true
	case c["nbf"] != nil && !hasNbf || nbf-30 > now:
		return "", true
	}
	return user, true
}

// oracleAudience reports whether a claim is here, or a list of texts with it.
func oracleAudience(aud any) bool {
	list, ok := aud.([]any)
	if !ok {
		return aud == any("here")
	}
	texts := !slices.ContainsFunc(list, func(a any) bool { _, isText := a.(string); return !isText })
	return texts && slices.Contains(list, any("here"))
}
