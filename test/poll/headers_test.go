package poll

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// What is streamed says so to those in between, who else keep it until its end to
// compress it; and what is configured wins.
func TestStreamsAreNotTransformed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		flags                  []string
		cacheControl, accel, x string
	}{
		{nil, "no-store, no-transform", "no", "nosniff"},
		{[]string{"--header-http=Cache-Control: private", "--header=X-Accel-Buffering: yes"}, "private", "yes", "nosniff"},
	} {
		s := start(t, append(test.flags, "echo", "hi")...)
		for _, r := range []*http.Request{
			request(t, s, "GET", "/", nil, eventStream),
			request(t, s, "POST", "/", strings.NewReader("x")),
			request(t, s, "POST", "/", strings.NewReader("x"), eventStream),
		} {
			h := ask(t, r).Header
			if h.Get("Cache-Control") != test.cacheControl || h.Get("X-Accel-Buffering") != test.accel || h.Get("X-Content-Type-Options") != test.x {
				t.Errorf("%q: %s: %v", test.flags, r.Method, h)
			}
		}
	}
}

// Cookies and passwords go along only for pages that --origin names.
func TestCredentials(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ flags, origin, want string }{
		{"--origin=https://a.example,b.example", "https://a.example", "true"},
		{"--origin=https://a.example,b.example", "http://b.example:81", "true"},
		{"--origin=*", "https://a.example", ""},
		{"--origin=*,a.example", "https://a.example", "true"},
		{"--origin=*,a.example", "https://b.example", ""},
		{"--origin=null", "null", ""},
		{"--origin=", "http://127.0.0.1:1", ""},
	} {
		s := start(t, test.flags, "cat")
		for _, r := range []*http.Request{
			request(t, s, "OPTIONS", "/", nil, "Access-Control-Request-Method: POST", "Origin: "+test.origin),
			request(t, s, "POST", "/", strings.NewReader("x"), "Origin: "+test.origin),
		} {
			h := ask(t, r).Header
			if h.Get("Access-Control-Allow-Origin") != test.origin || h.Get("Access-Control-Allow-Credentials") != test.want {
				t.Errorf("%s %s %s: %v", test.flags, r.Method, test.origin, h)
			}
		}
	}
}

// What a stand-in for EventSource saw last stands in the query, and counts as the
// header, which wins.
func TestLastEventIDInTheQuery(t *testing.T) {
	t.Parallel()
	command, starts := counted(t, "echo one")
	s := start(t, command...)
	for _, query := range []string{"?lastEventId=e%3A1", "?Last-Event-ID=e%3A1"} {
		if a := ask(t, request(t, s, "GET", "/"+query, nil, eventStream)); a.StatusCode != 204 {
			t.Errorf("%s: %d", query, a.StatusCode)
		}
	}
	if n := starts(); n > 0 {
		t.Errorf("%d processes were started", n)
	}
	s = start(t, "--shared", "--start=eager", "sh", "-c", "seq 5; exec cat")
	epoch := poll(t, s, "after=0&wait=10s").Epoch
	a := ask(t, request(t, s, "GET", "/?after=1&lastEventId="+epoch+"%3A2", nil, eventStream))
	a.expect("", "3")
	a = ask(t, request(t, s, "GET", "/?lastEventId="+epoch+"%3A2", nil, eventStream, "Last-Event-ID: "+epoch+":3"))
	a.expect("", "4")
}

// A number beyond all is waited for, also the largest there is.
func TestAfterTheLargest(t *testing.T) {
	t.Parallel()
	s := start(t, "--shared", "--start=eager", "sh", "-c", "seq 5; exec cat")
	for _, after := range []string{"18446744073709551615", "18446744073709551614", "6"} {
		if got := poll(t, s, "wait=50ms&after="+after); len(got.Pending) > 0 || got.Ended != nil {
			t.Errorf("after=%s: %+v", after, got)
		}
	}
	a := ask(t, request(t, s, "GET", "/?wait=50ms&after=18446744073709551616", nil, "Accept: application/json"))
	if body, _ := io.ReadAll(a.Body); a.StatusCode != 400 {
		t.Errorf("%d %s", a.StatusCode, body)
	}
}
