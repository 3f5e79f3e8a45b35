package gate

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// fixed is a Credential with one password, which it remembers once it was shown.
type fixed struct{ shown, checks int }

func (*fixed) Name() string             { return "password" }
func (*fixed) Schemes() []string        { return []string{"Basic"} }
func (f *fixed) Remembers(p Proof) bool { return f.shown > 0 && p.Secret == "right" }

func (f *fixed) Identify(_ *http.Request, _ Client, p Proof) (Identity, *Refusal) {
	f.checks++
	switch p.Secret {
	case "right":
		f.shown++
		return Identity{User: p.User, Proof: "Basic"}, nil
	case "":
		return Identity{}, nil
	}
	return Identity{}, Wrong("wrong password")
}

// TestWrongProofs: an address has ten wrong ones, then one in five seconds; what is shown
// beyond is not even checked. Others, and what is known to be right, are not slowed.
func TestWrongProofs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kind := &fixed{}
		access, err := (&Credentials{Kinds: []Credential{kind}}).Access(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		check := func(from netip.Addr, password string, want int) (retry int) {
			t.Helper()
			r := httptest.NewRequest("GET", "/", nil)
			if password != "" {
				r.SetBasicAuth("ann", password)
			}
			status := 200
			if _, refusal := access.Check(r, Client{Addr: from}); refusal != nil {
				status, retry = refusal.Status, refusal.RetryAfter
			}
			if status != want {
				t.Errorf("%q from %s: %d, want %d", password, from, status, want)
			}
			return retry
		}
		for range 20 {
			check(one, "", 401)
		}
		for range 10 {
			check(one, "wrong", 401)
		}
		before := kind.checks
		if retry := check(one, "wrong", 429); retry != 5 {
			t.Errorf("Retry-After: %d", retry)
		}
		check(one, "right", 429) // it might be guessed
		if kind.checks != before {
			t.Error("what is refused was checked")
		}
		check(one, "", 401)
		check(two, "right", 200)
		check(one, "right", 200) // a neighbour's, remembered
		check(one, "wrong", 429)
		time.Sleep(5 * time.Second)
		check(one, "wrong", 401)
		check(one, "wrong", 429)
		for range 30 {
			check(netip.Addr{}, "wrong", 401) // a unix socket's clients are all one
		}
	})
}
