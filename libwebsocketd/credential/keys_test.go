package credential

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"strings"
	"sync"
	"testing"
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

// TestKeyFiles: what cannot be a file of keys, and what in it is ignored.
func TestKeyFiles(t *testing.T) {
	weak, _ := rsa.GenerateKey(rand.Reader, 1024)
	weakDER, _ := x509.MarshalPKIXPublicKey(&weak.PublicKey)
	private, _ := x509.MarshalPKCS8PrivateKey(signers()["p256"])
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	enc := jwkOf("rsa", `,"use":"enc"`)
	other := []string{enc, jwkOf("p521", ""), `{"kty":"AKP","pub":"x"}`, jwkOf("rsa", `,"alg":"RSA-OAEP"`), jwkOf("rsa", `,"alg":"HS256"`), jwkOf("p256", `,"alg":"ES384"`)}
	unused := keySet(other...)
	for _, test := range []struct{ name, content, want string }{
		{"empty", " \n", "the file is empty"},
		{"a short secret", "too short for this\n", "it is neither PEM nor a JSON Web Key Set, and as a secret for HS256 it has 18 bytes: 32 are the least"},
		{"a secret of two lines", strings.Repeat("a secret\n", 9), "no shared secret, which is one line"},
		{"bytes", strings.Repeat("\x01\xff", 32), "no shared secret, which is one line"},
		{"a short secret in a set", keySet(`{"kty":"oct","k":"AAAA"}`), "key 1: as a secret for HS256 it has 3 bytes"},
		{"no secret in a set", keySet(`{"kty":"oct"}`), "key 1: as a secret for HS256 it has 0 bytes"},
		{"a secret for something else", keySet(strings.Replace(jwkOf("secret", ""), "}", `,"alg":"HS512"}`, 1)), `"keys" that is used here`},
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
		if _, err := parseKeys([]byte(test.content), true); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, expected %q", test.name, err, test.want)
		}
	}
	keys, err := parseKeys([]byte("\ufeff"+keySet(append(other, jwkOf("secret", ""), jwkOf("ed25519", `,"kid":"1"`))...)), false)
	if err != nil || len(keys) != 1 || keys[0].alg != "EdDSA" || keys[0].kid != "1" {
		t.Errorf("%+v, %v", keys, err)
	}
	pkcs1 := block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(publicOf("rsa").(*rsa.PublicKey)))
	if keys, err := parseKeys([]byte("a comment\n"+pkcs1+pemOf("p384")), false); err != nil || len(keys) != 2 {
		t.Errorf("%+v, %v", keys, err)
	}
}

// TestSecretThatOthersRead: a secret is told of whose file others can read; public keys are
// public.
func TestSecretThatOthersRead(t *testing.T) {
	secret := jwkOf("secret", "")
	for content, want := range map[string]string{string(signers()["secret"].([]byte)): "has secrets in it", keySet(secret): "has secrets in it", pemOf("p256"): ""} {
		name := written(t, content)
		if err := os.Chmod(name, 0o640); err != nil {
			t.Fatal(err)
		}
		var r reported
		if _, err := NewJWT(name, JWTOptions{Audience: "here", Algorithms: []string{"ES256", "HS256"}}, r.add); err != nil {
			t.Fatal(err)
		}
		r.must(t, want)
	}
}
