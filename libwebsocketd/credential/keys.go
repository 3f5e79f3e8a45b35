package credential

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// verifyKey is a key by which tokens are verified.
type verifyKey struct {
	alg string // the only one it is for
	kid string // "" if it has none
	key any    // of package crypto, or []byte
	id  [sha256.Size]byte
}

const (
	secretAlgorithm = "HS256"
	leastSecret     = 32 // bytes: RFC 7518 section 3.2
	leastRSA        = 2048
	mostRSA         = 8192 // bits: the time of a check grows with them
)

// algorithms are those that can be used at all (RFC 7518 section 3.1, RFC 8037). None of them
// is "none".
var algorithms = []string{"RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA", secretAlgorithm}

// CheckAlgorithm returns an error if tokens cannot be signed by that algorithm.
func CheckAlgorithm(name string) error {
	if !slices.Contains(algorithms, name) {
		return fmt.Errorf("%q is no algorithm that is used here: they are %s", name, strings.Join(algorithms, ", "))
	}
	return nil
}

// parseKeys reads a file of keys. There is at least one if there is no error. Errors do not
// repeat what is in it. Secrets are taken only if they are wanted: a page of an error that was
// saved in place of the keys must not become a secret, which everyone knows.
func parseKeys(data []byte, secrets bool) ([]verifyKey, error) {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, errors.New("the file is empty")
	case bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n\ufeff"), []byte("{")):
		return parseKeySet(bytes.TrimPrefix(data, []byte("\ufeff")), secrets)
	case bytes.Contains(data, []byte("-----BEGIN ")):
		return parsePEM(data)
	case !secrets:
		return nil, errors.New("it is neither PEM nor a JSON Web Key Set; for a shared secret say --jwtalg=" + secretAlgorithm)
	}
	secret := bytes.TrimSuffix(bytes.TrimSuffix(data, []byte("\n")), []byte("\r"))
	if !isPrintable(string(secret)) {
		return nil, errors.New("it is neither PEM nor a JSON Web Key Set, and no shared secret, which is one line of characters that can be printed")
	}
	key, err := newSecret(secret)
	if err != nil {
		return nil, fmt.Errorf("it is neither PEM nor a JSON Web Key Set, and %w", err)
	}
	return []verifyKey{key}, nil
}

// newSecret returns a shared secret as a key.
func newSecret(secret []byte) (verifyKey, error) {
	if len(secret) < leastSecret {
		return verifyKey{}, fmt.Errorf("as a secret for %s it has %d bytes: %d are the least", secretAlgorithm, len(secret), leastSecret)
	}
	return verifyKey{alg: secretAlgorithm, key: secret, id: idOf(secret)}, nil
}

// parsePEM reads public keys, and those of certificates.
func parsePEM(data []byte) (keys []verifyKey, err error) {
	for n := 1; ; n++ {
		block, rest := pem.Decode(data)
		if block == nil {
			break
		}
		key, err := parseBlock(block)
		if err == nil {
			var k verifyKey
			k, err = newKey(key)
			keys = append(keys, k)
		}
		if err != nil {
			return nil, fmt.Errorf("block %d, %s: %w", n, block.Type, err)
		}
		data = rest
	}
	if len(keys) == 0 {
		return nil, errors.New("it has no block of PEM that can be read")
	}
	return keys, nil
}

func parseBlock(block *pem.Block) (key crypto.PublicKey, err error) {
	switch {
	case block.Type == "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case block.Type == "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case block.Type == "CERTIFICATE":
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return c.PublicKey, nil
	case strings.HasSuffix(block.Type, "PRIVATE KEY"):
		return nil, errPrivate
	}
	return nil, errors.New("it is neither a PUBLIC KEY nor a CERTIFICATE")
}

var errPrivate = errors.New("a private key is not needed here, and should be with those who make tokens alone: write the public one (openssl pkey -pubout)")

// newKey returns a key for the algorithm that is usual with it.
func newKey(public crypto.PublicKey) (verifyKey, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return verifyKey{}, fmt.Errorf("a key for this is not used here: %w", err)
	}
	k := verifyKey{key: public, id: idOf(der)}
	switch key := public.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < leastRSA || bits > mostRSA {
			return verifyKey{}, fmt.Errorf("the RSA key has %d bits, not %d to %d", bits, leastRSA, mostRSA)
		}
		k.alg = "RS256"
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			k.alg = "ES256"
		case elliptic.P384():
			k.alg = "ES384"
		default:
			return verifyKey{}, fmt.Errorf("the curve %s is not used here: P-256 and P-384 are", key.Params().Name)
		}
	case ed25519.PublicKey:
		k.alg = "EdDSA"
	default:
		return verifyKey{}, fmt.Errorf("a %T is not used here: RSA, P-256, P-384 and Ed25519 are", public)
	}
	return k, nil
}
