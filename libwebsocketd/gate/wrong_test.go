package gate

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
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

// slowly is a Credential that takes a second for a check.
type slowly struct {
	fixed
	mu sync.Mutex
}

func (s *slowly) Identify(r *http.Request, from Client, p Proof) (Identity, *Refusal) {
	time.Sleep(time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fixed.Identify(r, from, p)
}

func (s *slowly) Remembers(p Proof) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fixed.Remembers(p)
}

// TestWrongProofsAtOnce: a hundred guesses at once are as good as one after another, and a
// hundred requests of a page with the right password are all let in.
func TestWrongProofsAtOnce(t *testing.T) {
	for password, want := range map[string]map[int]int{
		"wrong": {401: 10, 429: 90},
		"right": {200: 100},
	} {
		synctest.Test(t, func(t *testing.T) {
			kind := &slowly{}
			access, err := (&Credentials{Kinds: []Credential{kind}}).Access(nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			statuses := make(chan int, 100)
			for range cap(statuses) {
				go func() {
					r := httptest.NewRequest("GET", "/", nil)
					r.SetBasicAuth("ann", password)
					if _, refusal := access.Check(r, Client{Addr: one}); refusal != nil {
						statuses <- refusal.Status
						return
					}
					statuses <- 200
				}()
			}
			got := map[int]int{}
			for range cap(statuses) {
				got[<-statuses]++
			}
			if !maps.Equal(got, want) {
				t.Errorf("%s: %v, want %v", password, got, want)
			}
			if n := len(access.all.wrong.checking); n != 0 {
				t.Errorf("%d addresses are still being checked", n)
			}
		})
	}
}
