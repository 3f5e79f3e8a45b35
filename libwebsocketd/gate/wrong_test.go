package gate

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fixed is a Credential with one password.
type fixed struct {
	checks  int
	changed bool // there is none any more
}

func (*fixed) Name() string      { return "password" }
func (*fixed) Schemes() []string { return []string{"Basic"} }

func (f *fixed) Identify(_ *http.Request, _ Client, p Proof) (Identity, *Refusal) {
	f.checks++
	switch {
	case p.Secret == "right" && !f.changed:
		return Identity{User: p.User, Proof: "Basic"}, nil
	case p.Secret == "":
		return Identity{}, nil
	}
	return Identity{}, Wrong("wrong password")
}

// checking returns a function that shows a password from an address, "" is none, and wants
// to see a status. It returns what Retry-After is.
func checking(t *testing.T, kinds ...Credential) func(from Client, password string, want int) (retry int) {
	t.Helper()
	access, err := (&Credentials{Kinds: kinds}).Access(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return func(from Client, password string, want int) (retry int) {
		t.Helper()
		r := httptest.NewRequest("GET", "/", nil)
		if password != "" {
			r.SetBasicAuth("ann", password)
		}
		status := 200
		if _, refusal := access.Check(r, from); refusal != nil {
			status, retry = refusal.Status, refusal.RetryAfter
		}
		if status != want {
			t.Errorf("%q from %+v: %d, want %d", password, from, status, want)
		}
		return retry
	}
}

// TestWrongProofs: an address has ten wrong ones, then one in five seconds; what is shown
// beyond is not even checked. Other addresses are not slowed.
func TestWrongProofs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kind := &fixed{}
		check := checking(t, kind)
		one, two := Client{Addr: one}, Client{Addr: two}
		for range 20 {
			check(one, "", 401)
		}
		for range 10 {
			check(one, "wrong", 401)
		}
		check(two, "right", 200)
		before := kind.checks
		if retry := check(one, "wrong", 429); retry != 5 {
			t.Errorf("Retry-After: %d", retry)
		}
		check(one, "right", 429) // it might be guessed, also where others have shown it
		if kind.checks != before {
			t.Error("what is refused was checked")
		}
		check(one, "", 401)
		time.Sleep(5 * time.Second)
		check(one, "wrong", 401)
		check(one, "wrong", 429)
		for range 30 {
			check(Client{}, "wrong", 401) // a unix socket's clients are all one
		}
	})
}

// TestRightProofs: what was right at an address is not slowed there when others guess, until
// it is wrong.
func TestRightProofs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kind := &fixed{}
		check := checking(t, kind)
		a, b := Client{Addr: netip.MustParseAddr("2001:db8::1")}, Client{Addr: netip.MustParseAddr("2001:db8::2")}
		check(a, "right", 200)
		for range 10 {
			check(b, "wrong", 401)
		}
		check(b, "right", 200)
		check(a, "wrong", 429)
		kind.changed = true
		check(a, "right", 401)
		check(a, "right", 429)
		time.Sleep(5 * time.Second)
		check(a, "right", 401)
		check(a, "right", 429)
		kind.changed = false
		time.Sleep(5 * time.Second)
		check(a, "right", 200)
		check(a, "right", 200)
		time.Sleep(keepRight)
		for range 10 {
			check(a, "wrong", 401)
		}
		check(a, "right", 429)
	})
}

// TestShownBesides: what is shown beside a certificate was not checked, and is not right.
func TestShownBesides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kind := &fixed{}
		all := &Credentials{Kinds: []Credential{certified{}, kind}}
		access := mustAccess(t, all, "certificate,password", "")
		guess := func(certificate bool, i int) (Identity, *Refusal) {
			return access.Check(shows(basic("ann:guess"+strconv.Itoa(i))), Client{Addr: one, Secure: certificate})
		}
		for i := range 12 {
			if who, refusal := guess(true, i); refusal != nil || who.User != "cat" {
				t.Fatalf("%+v, %v", who, refusal)
			}
		}
		limited := 0
		for i := range 12 {
			if _, refusal := guess(false, i); refusal != nil && refusal.Status == 429 {
				limited++
			}
		}
		if kind.checks != 10 || limited != 2 {
			t.Errorf("%d were checked, %d limited", kind.checks, limited)
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
