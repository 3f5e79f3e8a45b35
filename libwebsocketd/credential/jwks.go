package credential

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// jwk is a JSON Web Key (RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2).
type jwk struct {
	Kty, Use, Alg, Kid string
	Crv, X, Y, N, E    string
	D                  string // of a private key
	K                  string // a secret
}

// parseKeySet reads a JSON Web Key Set. Keys of kinds that are not used here are ignored
// (RFC 7517 section 5), but one of them must be left. Secrets are taken only if they are wanted.
func parseKeySet(data []byte, secrets bool) (keys []verifyKey, err error) {
	var set struct{ Keys []jwk }
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, fmt.Errorf("it is no JSON Web Key Set: %w", err)
	}
	for i, one := range set.Keys {
		if one.Kty == "oct" && !secrets {
			continue
		}
		key, used, err := one.parse()
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		if used {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New(`it is no JSON Web Key Set with a public key in "keys" that is used here: RSA, P-256, P-384 and Ed25519 are, and shared secrets with --jwtalg=` + secretAlgorithm)
	}
	return keys, nil
}

// parse returns the key; used is false if it is for something else.
func (j *jwk) parse() (key verifyKey, used bool, err error) {
	if j.Use == "enc" {
		return verifyKey{}, false, nil
	}
	if j.Kty == "oct" {
		return j.secret()
	}
	public, err := j.public()
	if err != nil || public == nil {
		return verifyKey{}, false, err
	}
	if j.D != "" {
		return verifyKey{}, false, errPrivate
	}
	if key, err = newKey(public); err != nil {
		return verifyKey{}, false, err
	}
	key.kid = j.Kid
	if j.Alg == "" || j.Alg == key.alg {
		return key, true, nil
	}
	key.alg = j.Alg
	return key, j.Kty == "RSA" && slices.Contains([]string{"RS384", "RS512", "PS256"}, j.Alg), nil
}

// secret returns a shared secret (RFC 7518 section 6.4); used is false if it is for something else.
func (j *jwk) secret() (key verifyKey, used bool, err error) {
	if j.Alg != "" && j.Alg != secretAlgorithm {
		return verifyKey{}, false, nil
	}
	key, err = newSecret(bytesOf(j.K))
	key.kid = j.Kid
	return key, true, err
}

// public returns the key; nil if it is of a kind that is not used here.
func (j *jwk) public() (crypto.PublicKey, error) {
	switch {
	case j.Kty == "RSA":
		n, e := new(big.Int).SetBytes(bytesOf(j.N)), new(big.Int).SetBytes(bytesOf(j.E))
		if n.BitLen() == 0 || e.BitLen() > 31 || e.Int64() < 3 || e.Bit(0) == 0 {
			return nil, errors.New("n or e of RSA cannot be read")
		}
		return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
	case j.Kty == "EC" && j.Crv == "P-256":
		return j.point(elliptic.P256(), 32)
	case j.Kty == "EC" && j.Crv == "P-384":
		return j.point(elliptic.P384(), 48)
	case j.Kty == "OKP" && j.Crv == "Ed25519":
		x := bytesOf(j.X)
		if len(x) != ed25519.PublicKeySize {
			return nil, errors.New("x of Ed25519 cannot be read")
		}
		return ed25519.PublicKey(x), nil
	}
	return nil, nil
}

// point returns a key whose coordinates have so many bytes (RFC 7518 section 6.2.1.2).
func (j *jwk) point(curve elliptic.Curve, size int) (crypto.PublicKey, error) {
	x, y := bytesOf(j.X), bytesOf(j.Y)
	if len(x) != size || len(y) != size {
		return nil, fmt.Errorf("x and y of %s are not %d bytes each", j.Crv, size)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y))
	if err != nil {
		return nil, fmt.Errorf("x and y are no point of %s", j.Crv)
	}
	return key, nil
}

// bytesOf returns what base64url stands for; nil if it cannot be read.
func bytesOf(text string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return b
}
