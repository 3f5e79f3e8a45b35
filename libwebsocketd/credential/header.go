package credential

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/text"
)

// Header is the credential of those for whom a trusted proxy names the user, in a header.
type Header struct{ name string }

// NewHeader returns the credential of a header.
func NewHeader(name string) (*Header, error) {
	if err := CheckHeader(name); err != nil {
		return nil, err
	}
	return &Header{name: http.CanonicalHeaderKey(name)}, nil
}

// otherHeaders say something else than a user.
var otherHeaders = []string{"Authorization", "Connection", "Cookie", "Forwarded", "Host", "Origin", "Proxy-Authorization", "Referer", "Upgrade", "X-Forwarded-For", "X-Forwarded-Proto"}

// CheckHeader returns an error if a proxy cannot name the user in that header.
func CheckHeader(name string) error {
	switch canonical := http.CanonicalHeaderKey(name); {
	case !text.IsToken(name):
		return fmt.Errorf("%s cannot be the name of a header; proxies set X-Remote-User or the like", text.Quote(name))
	case slices.Contains(otherHeaders, canonical), strings.HasPrefix(canonical, "Sec-"):
		return fmt.Errorf("%s is no header for a user; proxies set X-Remote-User or the like", text.Quote(name))
	}
	return nil
}

// Name implements gate.Credential.
func (*Header) Name() string { return "header" }

// Schemes implements gate.Credential. No client can be asked for what its proxy sets.
func (*Header) Schemes() []string { return nil }

// Identify implements gate.Credential. A header that is there twice may be the client's and
// the proxy's.
func (h *Header) Identify(r *http.Request, from gate.Client, _ gate.Proof) (gate.Identity, *gate.Refusal) {
	lines := r.Header.Values(h.name)
	switch {
	case !from.Trusted || len(lines) == 0 || lines[0] == "" && len(lines) == 1:
		return gate.Identity{}, nil
	case len(lines) > 1:
		return gate.Identity{}, &gate.Refusal{Status: http.StatusBadRequest, Reason: "the header that names the user is there more than once"}
	}
	if err := CheckUser(lines[0]); err != nil {
		return gate.Identity{}, gate.Wrong(err.Error())
	}
	return gate.Identity{User: lines[0], Proof: "Proxy"}, nil
}
