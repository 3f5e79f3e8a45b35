package hub

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Authenticator returns who a client is. Its error is why the client is refused.
type Authenticator func(r *http.Request) (Identity, error)

// Why an Authenticator of this package refuses a client.
var (
	ErrNoKey    = errors.New("the request has no key: Authorization: Bearer KEY, or ?token=KEY, as the server has it")
	ErrWrongKey = errors.New("the key of the request is not known")
)

// BearerKeys returns an Authenticator that takes the keys of a table in the header
// Authorization, with the scheme Bearer in any case (RFC 6750 section 2.1). The values are the
// users. How long it takes says nothing about the keys.
func BearerKeys(users map[string]string) Authenticator {
	hashed := make(map[[sha256.Size]byte]string, len(users))
	for key, user := range users {
		hashed[sha256.Sum256([]byte(key))] = user
	}
	return BearerFunc(func(key string) (Identity, error) {
		user, ok := hashed[sha256.Sum256([]byte(key))]
		if !ok {
			return Identity{}, ErrWrongKey
		}
		return Identity{User: user}, nil
	})
}

// BearerFunc returns an Authenticator that asks a function about the key in the header
// Authorization, with the scheme Bearer in any case.
func BearerFunc(who func(key string) (Identity, error)) Authenticator {
	return func(r *http.Request) (Identity, error) {
		scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if key = strings.TrimSpace(key); !strings.EqualFold(scheme, "Bearer") || key == "" {
			return Identity{}, ErrNoKey
		}
		return who(key)
	}
}

// QueryToken returns an Authenticator that asks a function about ?token=, for a page, whose
// WebSocket cannot have a header. Such a token stands in logs and histories: it should be good
// for a short time, or for one use.
func QueryToken(who func(token string) (Identity, error)) Authenticator {
	return func(r *http.Request) (Identity, error) {
		token := r.URL.Query().Get("token")
		if token == "" {
			return Identity{}, ErrNoKey
		}
		return who(token)
	}
}

// errNoUser is why a client is refused that the Authenticator takes for nobody.
var errNoUser = errors.New("the authenticator names no user")

// identify returns who a client is. A panic of the Authenticator is a refusal.
func (h *Hub) identify(r *http.Request) (who Identity, err error) {
	if h.Authenticate == nil {
		return Identity{}, nil
	}
	defer func() {
		if p := recover(); p != nil {
			who, err = Identity{}, fmt.Errorf("the authenticator has panicked: %v", p)
			h.Log.Error("a hook of the hub has panicked", "hook", "Authenticate", "panic", p)
		}
	}()
	if who, err = h.Authenticate(r); err == nil && who.User == "" {
		err = errNoUser
	}
	return who, err
}

// mayNotSubscribe returns ErrUnauthorised if the Options do not let a client subscribe to a
// channel. A panic of the function is a refusal.
func (h *Hub) mayNotSubscribe(c *Client, channel string) (err error) {
	if h.Authorize == nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = ErrUnauthorised
			h.Log.Error("a hook of the hub has panicked", "hook", "Authorize", "panic", p)
		}
	}()
	if h.Authorize(c, channel) != nil {
		return ErrUnauthorised
	}
	return nil
}

// tell calls a function of the Options, and logs its panic.
func (h *Hub) tell(name string, f func()) {
	defer func() {
		if p := recover(); p != nil {
			h.Log.Error("a hook of the hub has panicked", "hook", name, "panic", p)
		}
	}()
	f()
}
