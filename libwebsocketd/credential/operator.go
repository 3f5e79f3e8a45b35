package credential

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"websocketd/libwebsocketd/gate"
)

// Operator is the credential of whoever shows the one token of the operator. Only a MAC of its
// hash is kept and compared, as with a Token.
type Operator struct {
	macs *gate.MACs
	mac  func() gate.MAC
	made bool // the token is random
}

// operatorName is the user that the token proves.
const operatorName = "operator"

// NewOperator returns the credential for a token that this server has made, of gate.NewSecret:
// wrong ones are not slowed.
func NewOperator(token string) *Operator {
	o := &Operator{macs: gate.NewMACs(), made: true}
	mac := o.of(sha256.Sum256([]byte(token)))
	o.mac = func() gate.MAC { return mac }
	return o
}

// NewOperatorFile returns the credential for the token in the first line of a file: TOKEN, or
// sha256:HEX. A changed file is taken up.
func NewOperatorFile(name string, report Report) (*Operator, error) {
	o := &Operator{macs: gate.NewMACs()}
	plain := false
	f, err := openFile(name, report, func(data []byte) (gate.MAC, error) {
		sum, hashed, err := parseOperator(data)
		plain = plain || !hashed
		return o.of(sum), err
	})
	if err != nil {
		return nil, err
	}
	if plain {
		f.warnOfReaders()
	}
	o.mac = func() gate.MAC { return *f.current() }
	return o, nil
}

// Name implements gate.Credential.
func (*Operator) Name() string { return "token" }

// Schemes implements gate.Credential.
func (*Operator) Schemes() []string { return []string{"Bearer"} }

// IsUnguessable implements gate.Unguessable. What stands in a file may have been thought up, and
// a hash tells nothing about it.
func (o *Operator) IsUnguessable() bool { return o.made }

// Identify implements gate.Credential.
func (o *Operator) Identify(_ *http.Request, _ gate.Client, shown gate.Proof) (gate.Identity, *gate.Refusal) {
	if shown.Scheme != "Bearer" {
		return gate.Identity{}, nil
	}
	if o.of(sha256.Sum256([]byte(shown.Secret))) != o.mac() {
		return gate.Identity{}, gate.Wrong("the token is not right")
	}
	return gate.Identity{User: operatorName, Proof: "Bearer"}, nil
}

func (o *Operator) of(sum [sha256.Size]byte) gate.MAC { return o.macs.Of(string(sum[:])) }

// parseOperator reads the first line. The errors do not repeat the token.
func parseOperator(data []byte) (sum [sha256.Size]byte, hashed bool, err error) {
	first, _, _ := bytes.Cut(bytes.TrimPrefix(data, []byte("\ufeff")), []byte("\n"))
	line := strings.Trim(string(first), " \t\r")
	digits, hashed := strings.CutPrefix(line, TokenHash+":")
	raw, malformed := hex.DecodeString(digits)
	switch {
	case hashed && (malformed != nil || len(raw) != sha256.Size):
		return sum, hashed, fmt.Errorf("the hash is not %d hexadecimal digits", 2*sha256.Size)
	case hashed:
		return [sha256.Size]byte(raw), true, nil
	case line == "":
		return sum, false, fmt.Errorf("the first line is empty: it is the token, or %s:HEX", TokenHash)
	case len(line) < shortestToken:
		return sum, false, fmt.Errorf("the token has %d bytes, and can be guessed: %d are the least", len(line), shortestToken)
	case strings.ContainsFunc(line, notOfToken):
		return sum, false, errors.New("the first line is no token, which is made of letters, digits and -._~+/= (RFC 6750 section 2.1)")
	}
	return sha256.Sum256([]byte(line)), false, nil
}
