package poll

import (
	"strings"
	"testing"
)

// What is at a URL is told before anything is started there, to those who may connect.
func TestState(t *testing.T) {
	t.Parallel()
	command, starts := counted(t, "echo hello")
	s := start(t, append([]string{"--origin=http://127.0.0.1,file://", "--devconsole"}, command...)...)
	const json, plain = "Accept: application/json", `{"lifetime":"connection"}`
	for _, test := range []struct {
		path    string
		headers []string
		status  int
		words   string
	}{
		{"/?state", []string{json}, 200, plain},
		{"/below?x=1&state=", []string{json, "Sec-Fetch-Site: none"}, 200, plain},
		{"/?state", []string{json, "Origin: http://127.0.0.1:1"}, 200, plain},
		{"/?state", []string{json, "Origin: http://other.localhost"}, 403, "--origin"},
		{"/?state", []string{json, "Sec-Fetch-Site: cross-site"}, 403, "cross-site"},
		{"/?state", []string{json, "Host: evil.example"}, 421, "--host"},
		{"/?state=x", []string{json}, 200, "<!DOCTYPE html>"},
		{"/?state", nil, 200, "<!DOCTYPE html>"},
	} {
		r := request(t, s, "GET", test.path, nil, test.headers...)
		if host := r.Header.Get("Host"); host != "" {
			r.Host = host
		}
		a := ask(t, r)
		if body := a.rest(); a.StatusCode != test.status || !strings.Contains(body, test.words) {
			t.Errorf("%s %q: %d %.200q, expected %d", test.path, test.headers, a.StatusCode, body, test.status)
		}
		if got := a.Header.Get("Access-Control-Allow-Origin"); test.status == 200 && len(test.headers) == 2 && got != r.Header.Get("Origin") {
			t.Errorf("%q: %v", test.headers, a.Header)
		}
	}
	if n := starts(); n > 0 {
		t.Errorf("%d processes were started", n)
	}
}
