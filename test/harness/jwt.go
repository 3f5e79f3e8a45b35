package harness

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
)

// JWT returns a JSON Web Token signed with a key of Ed25519 or P-256 (RFC 7515 appendix A).
// Its claims must be such that JSON has.
func JWT(key crypto.Signer, claims map[string]any) string {
	payload, _ := json.Marshal(claims)
	b64 := base64.RawURLEncoding.EncodeToString
	switch key := key.(type) {
	case ed25519.PrivateKey:
		signed := b64([]byte(`{"alg":"EdDSA"}`)) + "." + b64(payload)
		return signed + "." + b64(ed25519.Sign(key, []byte(signed)))
	case *ecdsa.PrivateKey:
		signed := b64([]byte(`{"alg":"ES256"}`)) + "." + b64(payload)
		hash := sha256.Sum256([]byte(signed))
		r, s, _ := ecdsa.Sign(rand.Reader, key, hash[:])
		signature := make([]byte, 64)
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return signed + "." + b64(signature)
	}
	panic("no token is signed with such a key")
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
