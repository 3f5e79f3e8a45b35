package autocert

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/acme"
)

const day = 24 * time.Hour

// issue returns a certificate that is good from now on.
func issue(t *testing.T, name string, life time.Duration) *tls.Certificate {
	t.Helper()
	return issueSince(t, name, time.Now(), life)
}

// issueSince returns one that is good from another time on.
func issueSince(t *testing.T, name string, since time.Time, life time.Duration) *tls.Certificate {
	t.Helper()
	key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: since, NotAfter: since.Add(life)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := encode(key, [][]byte{der})
	if err != nil {
		t.Fatal(err)
	}
	cert, err := decode(name, text)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// authority notes when it is asked for what.
type authority struct {
	t     *testing.T
	began time.Time
	life  time.Duration
	slow  time.Duration // its clock, or ours is fast

	mu    sync.Mutex
	fails error
	asked []string
	at    []time.Duration
}

func (a *authority) ask(r request) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked, a.at = append(a.asked, r.name), append(a.at, time.Since(a.began))
	if a.fails != nil {
		return nil, a.fails
	}
	return issueSince(a.t, r.name, time.Now().Add(-a.slow), a.life), nil
}

// times returns when it was asked.
func (a *authority) times() []time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.at)
}

func (a *authority) names() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

func (a *authority) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fails = err
}

// run runs an Issuer for as long as test takes.
func run(t *testing.T, o Options, a *authority, test func(i *Issuer)) (log string) {
	t.Helper()
	var out bytes.Buffer
	o.Log = slog.New(slog.NewTextHandler(&out, nil))
	i, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	a.t, a.began, i.obtain = t, time.Now(), a.ask
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		i.Run(ctx)
	}()
	test(i)
	cancel()
	<-done
	return out.String()
}

func hello(name string) *tls.ClientHelloInfo { return &tls.ClientHelloInfo{ServerName: name} }

// TestRenewal: certificates are issued one after the other, used, kept, and renewed when a third
// of their time is left, thirty days at most.
func TestRenewal(t *testing.T) {
	t.Parallel()
	for life, first := range map[time.Duration]time.Duration{90 * day: 60 * day, 6 * day: 4 * day, 398 * day: 368 * day} {
		synctest.Test(t, func(t *testing.T) {
			o := Options{Names: []string{"b.example", "A.example", "a.example"}, Dir: t.TempDir()}
			a := &authority{life: life}
			log := run(t, o, a, func(i *Issuer) {
				synctest.Wait()
				if !slices.Equal(a.names(), []string{"b.example", "a.example"}) {
					t.Errorf("%q were asked for", a.names())
				}
				for asked, want := range map[string]string{"b.example": "b.example", "a.EXAMPLE.": "a.example", "": "b.example"} {
					if cert, err := i.GetCertificate(hello(asked)); err != nil || cert.Leaf.DNSNames[0] != want {
						t.Errorf("%q: %v", asked, err)
					}
				}
				if _, err := i.GetCertificate(hello("c.example")); err == nil {
					t.Error("there is a certificate for a name that nobody has asked for")
				}
				before, _ := i.GetCertificate(hello("a.example"))
				time.Sleep(first - time.Second)
				if len(a.names()) != 2 {
					t.Errorf("renewed too early, at %s", a.times())
				}
				time.Sleep(time.Second + mostJitter)
				if len(a.names()) != 4 {
					t.Errorf("asked at %s", a.times())
				}
				if after, _ := i.GetCertificate(hello("a.example")); after == before {
					t.Error("the renewed one is not used")
				}
			})
			if strings.Count(log, "Certificate issued          : for a.example, until ") != 2 {
				t.Error(log)
			}
			run(t, o, a, func(i *Issuer) { // the next start asks for nothing
				synctest.Wait()
				if cert, err := i.GetCertificate(hello("b.example")); len(a.names()) != 4 || err != nil || cert == nil {
					t.Errorf("%d were asked for, %v", len(a.names()), err)
				}
			})
		})
	}
}

// TestClock: a clock that is wrong does not make the authority issue one certificate after the other.
// What it has issued is used.
func TestClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &authority{life: 90 * day, slow: 70 * day}
		log := run(t, Options{Names: []string{"a.example"}, Dir: t.TempDir()}, a, func(i *Issuer) {
			time.Sleep(time.Hour)
			if want := []time.Duration{0, firstPause, 3 * firstPause, 7 * firstPause}; !slices.Equal(a.times(), want) {
				t.Errorf("asked at %s, expected %s", a.times(), want)
			}
			if _, err := i.GetCertificate(hello("a.example")); err != nil {
				t.Error(err)
			}
		})
		if strings.Count(log, "the clock of this machine is wrong") != 4 {
			t.Error(log)
		}
	})
}

// TestFailure: what fails is tried again later and later, and not before the authority wants; the
// old certificate stays in use meanwhile.
func TestFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limited := &acme.Error{ProblemType: "urn:ietf:params:acme:error:rateLimited", Header: http.Header{"Retry-After": {"7200"}}}
		a := &authority{life: 90 * day, fails: &acme.AuthorizationError{Errors: []error{errors.New("no\n\tway")}}}
		log := run(t, Options{Names: []string{"a.example"}, Dir: t.TempDir()}, a, func(i *Issuer) {
			time.Sleep(4*time.Hour - 1)
			want := []time.Duration{0, 5, 15, 35, 75, 135, 195}
			for n := range want {
				want[n] *= time.Minute
			}
			if !slices.Equal(a.times(), want) {
				t.Errorf("asked at %v", a.times())
			}
			if _, err := i.GetCertificate(hello("a.example")); err == nil || !strings.Contains(err.Error(), "not been issued yet") {
				t.Error(err)
			}
			a.fail(limited)
			time.Sleep(15*time.Minute + 2*time.Hour - time.Second) // 255, then 375
			if len(a.times()) != 8 {
				t.Errorf("asked at %v", a.times())
			}
			a.fail(nil)
			time.Sleep(time.Minute)
			old, err := i.GetCertificate(hello("a.example"))
			if err != nil {
				t.Fatal(err)
			}
			a.fail(limited)
			time.Sleep(61 * day)
			if now, _ := i.GetCertificate(hello("a.example")); now != old || len(a.times()) < 10 {
				t.Errorf("asked at %v", a.times())
			}
		})
		if !strings.Contains(log, "Certificate not issued      : for a.example: acme: authorization error: no way; port 443 of that name must be this server, or with --redirport port 80; tried again in 5m0s") {
			t.Error(log)
		}
	})
}

// TestAnothers: what another server has put into the directory is used.
func TestAnothers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &authority{life: 90 * day}
		run(t, Options{Names: []string{"a.example"}, Dir: t.TempDir()}, a, func(i *Issuer) {
			time.Sleep(59 * day)
			other := issue(t, "a.example", 90*day)
			if err := i.store.save("a.example", other); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * day)
			if now, err := i.GetCertificate(hello("a.example")); err != nil || !slices.Equal(now.Certificate[0], other.Certificate[0]) || len(a.times()) != 1 {
				t.Errorf("asked at %v, %v", a.times(), err)
			}
		})
	})
}

// TestStore has files that are no certificates of a name: others are asked for.
func TestStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := openStore(dir, "id.example_443")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		good := issue(t, "a.example", day)
		if err := s.save("a.example", good); err != nil {
			t.Fatal(err)
		}
		if info, _ := os.Stat(s.file("a.example")); info.Mode().Perm() != 0o600 || s.load("a.example") == nil {
			t.Errorf("%v", info)
		}
		s.save("b.example", good)
		text, _ := encode(issue(t, "c.example", day).PrivateKey, good.Certificate)
		replace(s.file("c.example"), text)
		replace(s.file("d.example"), nil)
		for _, name := range []string{"b.example", "c.example", "d.example", "e.example"} {
			if s.load(name) != nil {
				t.Errorf("%s is taken", name)
			}
		}
		time.Sleep(day + time.Second)
		if s.load("a.example") != nil {
			t.Error("an expired one is taken")
		}
	})
	first, err := s.accountKey()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.accountKey(); err != nil || !again.Public().(*ecdsa.PublicKey).Equal(first.Public()) {
		t.Error(err)
	}
	replace(string(s)+"/"+accountFile, []byte("nonsense"))
	if _, err := s.accountKey(); err == nil || !strings.Contains(err.Error(), "is no private key") {
		t.Error(err)
	}
}

// TestNew has Options that are wrong.
func TestNew(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]Options{
		"no names":                    {Dir: t.TempDir()},
		"is an address":               {Dir: t.TempDir(), Names: []string{"192.0.2.1"}},
		"not that of an https server": {Dir: t.TempDir(), Names: []string{"a"}, URL: "http://id.example"},
		"no directory":                {Names: []string{"a"}},
		"not a directory":             {Dir: file, Names: []string{"a"}},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
