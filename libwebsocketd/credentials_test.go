package libwebsocketd

import (
	"net/http"

	"websocketd/libwebsocketd/gate"
)

// byUser is a Credential that believes the header X-User.
type byUser struct{}

func (byUser) Name() string { return "test" }

func (byUser) Schemes() []string { return []string{"Basic"} }

func (byUser) Identify(r *http.Request, _ gate.Client, _ gate.Proof) (Identity, *gate.Refusal) {
	if r.Header.Get("X-User") == "nobody" {
		return Identity{}, gate.Wrong("who is it")
	}
	return Identity{User: r.Header.Get("X-User"), Proof: "Test"}, nil
}

// users returns Credentials that believe the header X-User.
func users() *Credentials { return &Credentials{Kinds: []Credential{byUser{}}} }
