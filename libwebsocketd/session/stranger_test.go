package session

import (
	"net/http"
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
)

// TestOtherSites: a page of another site starts no process, reads none, feeds none, and ends
// none, whatever cookie the browser sends along.
func TestOtherSites(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{})
	b := s.browser()
	c := b.dial("/")
	first := read(c)
	id := s.one().ID
	for name, header := range map[string]http.Header{
		"a form":   {"Origin": {"http://evil.example"}, "Sec-Fetch-Site": {"cross-site"}},
		"a frame":  {"Origin": {"null"}},
		"an image": {"Sec-Fetch-Site": {"cross-site"}},
		"a port":   {"Sec-Fetch-Site": {"same-site"}},
	} {
		b.header = header
		for _, request := range []struct{ method, path, accept string }{
			{"POST", "/", ""}, {"POST", "/?session=new", asJSON}, {"POST", "/?session=" + id, ""}, {"POST", "/?session=" + id + "&ticket=new", ""},
			{"GET", "/?wait=0s", asJSON}, {"GET", "/?session=new&wait=0s", asJSON}, {"GET", "/", asEvents}, {"GET", "/?session=" + id, asJSON},
			{"DELETE", "/?session=" + id, ""},
		} {
			if status, _ := b.do(request.method, request.path, request.accept, ""); status != http.StatusForbidden {
				t.Errorf("%s: %s %s: %d", name, request.method, request.path, status)
			}
		}
		if header.Get("Origin") != "" && b.refused("/") != http.StatusForbidden {
			t.Errorf("%s: it may dial", name)
		}
	}
	write(c, "still there")
	reads(t, c, "still there")
	if pid := s.one().State().Pid; pid != pidOf(t, first) {
		t.Errorf("process %d has become %d", pidOf(t, first), pid)
	}
}

// TestStrangerStartsNothing: what is not right, or only looked at, starts no process.
func TestStrangerStartsNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{}, withPage(t), func(c *libwebsocketd.Config) { c.MaxFrameSize = 10 })
	x := s.stranger()
	for _, request := range []struct {
		method, path, accept, body string
		want                       int
	}{
		{"GET", "/", "", "", 200}, {"HEAD", "/", "", "", 200}, {"OPTIONS", "/", "", "", 200}, {"GET", "/", asJSON, "", 200},
		{"POST", "/", "", "more than ten bytes", 413}, {"POST", "/?ticket=new", "", "", 400}, {"DELETE", "/", "", "", 400},
		{"GET", "/?wait=soon", asJSON, "", 400}, {"GET", "/?wait=0s&after=5", asJSON, "", 404}, {"GET", "/?after=x", asEvents, "", 400},
		{"POST", "/?session=nonsense", "", "", 404}, {"GET", "/?session=nonsense", "", "", 404},
	} {
		if status, text := x.do(request.method, request.path, request.accept, request.body); status != request.want && request.method != "OPTIONS" {
			t.Errorf("%s %s: %d %s", request.method, request.path, status, text)
		}
	}
	if status := x.refused("/?after=ack"); status != 404 {
		t.Errorf("after=ack of nothing: %d", status)
	}
	if n := s.Registry.Len(); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

// TestPlacesAreCounted: clients that never come back take the places there are and no more;
// a session that has ended makes room.
func TestPlacesAreCounted(t *testing.T) {
	t.Parallel()
	s := serve(t, greeting, Lifetime{Registry: NewRegistry(3)})
	for range 3 {
		s.stranger().do("POST", "/", "", "x")
	}
	answer := s.stranger().begin("POST", "/?session=new", asJSON, "")
	if answer.StatusCode != http.StatusTooManyRequests || answer.Header.Get("Retry-After") == "" || answer.Header.Get("Set-Cookie") != "" {
		t.Errorf("%d %v", answer.StatusCode, answer.Header)
	}
	x := s.Find("2")
	x.End()
	<-x.Done()
	testkit.Eventually(t, "there is room", func() bool { return s.browser().refused("/") == 101 })
}
