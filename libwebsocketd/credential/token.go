package credential

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"websocketd/libwebsocketd/gate"
)

const (
	// TokenHash stands before the hash of a token in a file of tokens.
	TokenHash = "sha256"

	shortestToken = 16
	nameless      = "token" // the user of a token that stands alone in its line
)

// Token is the credential of those who show a bearer token (RFC 6750) that stands in a file.
type Token struct {
	file *file[tokens]
	macs *gate.MACs
}

// tokens are those of a file. Only hashes are kept. They are looked up by a MAC of the hash,
// whose key nobody else has: how long that takes says nothing of how much of a token is right.
type tokens struct {
	byMAC map[gate.MAC]string // the user
	plain bool                // there is one that is not hashed in the file
}

// NewToken reads a file of tokens.
func NewToken(name string, report Report) (*Token, error) {
	t := &Token{macs: gate.NewMACs()}
	var err error
	if t.file, err = openFile(name, report, t.parse); err != nil {
		return nil, err
	}
	if t.file.current().plain {
		t.file.warnOfReaders()
	}
	return t, nil
}

// Name implements gate.Credential.
func (*Token) Name() string { return "token" }

// Schemes implements gate.Credential.
func (*Token) Schemes() []string { return []string{"Bearer"} }

// Identify implements gate.Credential.
func (t *Token) Identify(_ *http.Request, _ gate.Client, shown gate.Proof) (gate.Identity, *gate.Refusal) {
	if shown.Scheme != "Bearer" {
		return gate.Identity{}, nil
	}
	mac := t.mac(sha256.Sum256([]byte(shown.Secret)))
	user, ok := t.file.current().byMAC[mac]
	if !ok {
		return gate.Identity{}, gate.Wrong("the token is not right")
	}
	return gate.Identity{User: user, Proof: "Bearer", Key: string(mac[:])}, nil
}

// Knows implements gate.Knower: it reports whether the very token still stands in the file.
func (t *Token) Knows(who gate.Identity) bool {
	var mac gate.MAC
	copy(mac[:], who.Key)
	user, ok := t.file.current().byMAC[mac]
	return ok && user == who.User
}

func (t *Token) mac(sum [sha256.Size]byte) gate.MAC { return t.macs.Of(string(sum[:])) }

// parse reads the lines of a file: USER:sha256:HEX, USER:TOKEN or TOKEN.
func (t *Token) parse(data []byte) (tokens, error) {
	all := tokens{byMAC: map[gate.MAC]string{}}
	err := eachLine(data, func(line string) error {
		user, sum, hashed, err := parseToken(line)
		if err != nil {
			return err
		}
		mac := t.mac(sum)
		if _, known := all.byMAC[mac]; known {
			return errors.New("this token stands in a line above, too")
		}
		all.byMAC[mac] = user
		all.plain = all.plain || !hashed
		return nil
	})
	return all, err
}

// parseToken reads one line. The errors do not repeat the token.
func parseToken(line string) (user string, sum [sha256.Size]byte, hashed bool, err error) {
	user, rest, named := strings.Cut(line, ":")
	if !named {
		user, rest = nameless, line
	}
	if err := CheckUser(user); err != nil {
		return "", sum, false, err
	}
	kind, digits, hashed := strings.Cut(rest, ":")
	raw, malformed := hex.DecodeString(digits)
	switch {
	case named && user == TokenHash:
		return "", sum, false, fmt.Errorf("the user is missing: write USER:%s:HEX", TokenHash)
	case hashed && kind != TokenHash:
		return "", sum, false, fmt.Errorf("there is a colon too many: a line is USER:%s:HEX, USER:TOKEN or TOKEN", TokenHash)
	case hashed && (malformed != nil || len(raw) != sha256.Size):
		return "", sum, false, fmt.Errorf("the hash is not %d hexadecimal digits", 2*sha256.Size)
	case hashed:
		return user, [sha256.Size]byte(raw), true, nil
	case len(rest) < shortestToken:
		return "", sum, false, fmt.Errorf("the token has %d bytes, and can be guessed: %d are the least; websocketd passwd --token makes one", len(rest), shortestToken)
	case strings.ContainsFunc(rest, notOfToken):
		return "", sum, false, errors.New("the token has a character that no bearer token can have (RFC 6750 section 2.1): it is made of letters, digits and -._~+/=")
	}
	return user, sha256.Sum256([]byte(rest)), false, nil
}

// notOfToken reports whether a character cannot be in a bearer token (RFC 6750 section 2.1).
func notOfToken(r rune) bool {
	alnum := '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
	return !alnum && !strings.ContainsRune("-._~+/=", r)
}
