package harness

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
)

// JWT returns a JSON Web Token signed with a key of RSA, P-256 or Ed25519, or a secret (RFC
// 7515 appendix A). The members of its header may be others than usual. All of it must be
// such that JSON has.
func JWT(key any, claims map[string]any, header ...map[string]any) string {
	members := map[string]any{"alg": jwtAlgorithm(key), "typ": "JWT"}
	for _, more := range header {
		maps.Copy(members, more)
	}
	head, _ := json.Marshal(members)
	payload, _ := json.Marshal(claims)
	b64 := base64.RawURLEncoding.EncodeToString
	signed := b64(head) + "." + b64(payload)
	return signed + "." + b64(signature(key, []byte(signed)))
}

func jwtAlgorithm(key any) string {
	switch key.(type) {
	case ed25519.PrivateKey:
		return "EdDSA"
	case *ecdsa.PrivateKey:
		return "ES256"
	case *rsa.PrivateKey:
		return "RS256"
	}
	return "HS256"
}

func signature(key any, signed []byte) []byte {
	hash := sha256.Sum256(signed)
	switch key := key.(type) {
	case ed25519.PrivateKey:
		return ed25519.Sign(key, signed)
	case *rsa.PrivateKey:
		raw, _ := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, hash[:])
		return raw
	case *ecdsa.PrivateKey:
		r, s, _ := ecdsa.Sign(rand.Reader, key, hash[:])
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	mac := hmac.New(sha256.New, key.([]byte))
	mac.Write(signed)
	return mac.Sum(nil)
}

// PublicKeys returns the public halves of keys in PEM form.
func PublicKeys(t T, keys ...crypto.Signer) (text string) {
	t.Helper()
	for _, key := range keys {
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			t.Fatalf("a public key: %v", err)
		}
		text += string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	return text
}
