package session

import (
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// TestAsRequestedCost: a long path of a client costs no more than to read it, however often it might be
// that of the program: each look at all of an escaped one would allocate.
func TestAsRequestedCost(t *testing.T) {
	for _, path := range []string{"/", "/a", "/a/a/b"} {
		r := ask(80, strings.Repeat("/%61", 7000), path, "")
		if n := testing.AllocsPerRun(1, func() { asRequested(r, path) }); n > 20 {
			t.Errorf("%s: %v allocations", path, n)
		}
	}
}

// TestOwnCookiesCost: cookies that are taken back do not each cost the length of the path.
func TestOwnCookiesCost(t *testing.T) {
	s := &supervisor{registry: NewRegistry(0), life: Lifetime{URL: true}}
	r := ask(80, strings.Repeat("/%61", 7000), "/", "")
	name := ownName(cookieName(r, "/"), "12345678")
	r.Header.Set("Cookie", strings.Repeat(name+"=a.b; ", 500))
	p, h := s.registry.reserve("/"), http.Header{}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s.setCookie(h, r, "/", p)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 || len(h["Set-Cookie"]) != 501 {
		t.Errorf("%d bytes for %d cookies", n, len(h["Set-Cookie"]))
	}
}
