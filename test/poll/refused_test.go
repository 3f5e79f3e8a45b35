package poll

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"websocketd/test/harness"
)

// What is refused, and what is no request for a program, starts none.
func TestNothingIsStarted(t *testing.T) {
	t.Parallel()
	command, starts := counted(t, "echo hello")
	s := start(t, command...)
	const json = "Accept: application/json"
	for _, test := range []struct {
		method, path string
		headers      []string
		status       int
		words        string
	}{
		{"GET", "/", nil, 404, ""},
		{"GET", "/", []string{"Accept: */*"}, 404, ""},
		{"GET", "/", []string{"Accept: text/html,*/*;q=0.8"}, 404, ""},
		{"GET", "/", []string{json}, 404, ""},
		{"HEAD", "/", []string{eventStream}, 404, ""},
		{"PUT", "/", []string{eventStream}, 404, ""},
		{"OPTIONS", "/", []string{"Origin: http://other.localhost", "Access-Control-Request-Method: POST"}, 403, "--origin"},
		{"OPTIONS", "/", []string{"Origin: http://127.0.0.1:1", "Access-Control-Request-Method: POST"}, 204, ""},
		{"GET", "/?wait=1s", []string{json}, 406, "--shared"},
		{"GET", "/?wait=1", []string{json}, 400, `"detail":"wait=\"1\" is`},
		{"GET", "/", []string{eventStream, "Last-Event-ID: any:1"}, 204, ""},
		{"GET", "/", []string{eventStream, "Last-Event-ID: nonsense"}, 204, ""},
		{"GET", "/", []string{eventStream, "Sec-Fetch-Site: cross-site"}, 403, "cross-site"},
		{"GET", "/", []string{eventStream, "Sec-Fetch-Site: same-site"}, 403, "same-site"},
		{"GET", "/", []string{eventStream, "Origin: http://other.localhost"}, 403, "--origin"},
		{"GET", "/", []string{eventStream, "Origin: null"}, 403, "--origin"},
		{"GET", "/?wait=1s", []string{json, "Sec-Fetch-Site: cross-site"}, 403, "cross-site"},
		{"POST", "/", []string{"Origin: https://evil.example"}, 403, "--origin"},
		{"POST", "/", []string{"Sec-Fetch-Site: cross-site"}, 403, "cross-site"},
		{"POST", "/", []string{"Host: evil.example"}, 421, "--host"},
	} {
		r := request(t, s, test.method, test.path, nil, test.headers...)
		if host := r.Header.Get("Host"); host != "" {
			r.Host = host
		}
		a := ask(t, r)
		if body := a.rest(); a.StatusCode != test.status || !strings.Contains(body, test.words) || strings.Count(strings.TrimSpace(body), "\n") > 0 {
			t.Errorf("%s %s %q: %d %q, expected %d", test.method, test.path, test.headers, a.StatusCode, body, test.status)
		}
	}
	if n := starts(); n > 0 {
		t.Errorf("%d processes were started", n)
	}
	for _, headers := range [][]string{nil, {"Sec-Fetch-Site: same-origin"}, {"Sec-Fetch-Site: none"}, {"Origin: http://127.0.0.1:1", "Sec-Fetch-Site: same-site"}} {
		a := events(t, s, headers...)
		if got := a.Header.Get("Access-Control-Allow-Origin"); len(headers) == 2 && (got != "http://127.0.0.1:1" || a.Header.Get("Vary") != "Origin") {
			t.Errorf("%q: %v", headers, a.Header)
		}
		a.all()
	}
	if n := starts(); n != 4 {
		t.Errorf("%d processes were started for 4 clients", n)
	}
}

// A storm of EventSources that come back, after the server was restarted perhaps.
func TestReconnectStorm(t *testing.T) {
	t.Parallel()
	command, starts := counted(t, "echo hello")
	s := start(t, append([]string{"--maxforks=1"}, command...)...)
	first := events(t, s)
	first.all()
	var all sync.WaitGroup
	for i := range 8 {
		c := harness.HTTPClient(t)
		all.Go(func() {
			for range 25 {
				resp, err := c.Do(request(t, s, "GET", "/", nil, eventStream, "Last-Event-ID: 0123456789ABCDEF:1"))
				if err != nil {
					t.Errorf("%d: %v", i, err)
					return
				}
				if resp.Body.Close(); resp.StatusCode != http.StatusNoContent {
					t.Errorf("%d: %s", i, resp.Status)
				}
			}
		})
	}
	all.Wait()
	if n := starts(); n != 1 {
		t.Errorf("%d processes were started for one client", n)
	}
	harness.NoSurvivors(t, s)
}

// Files, scripts and the console are where they were.
func TestBesideTheProgram(t *testing.T) {
	t.Parallel()
	command, starts := counted(t, "cat")
	dir := t.TempDir()
	harness.WriteFile(t, dir+"/page.html", "<p>page", 0o644)
	cgi := harness.Scripts(t, map[string]string{"script": `printf 'Content-Type: text/plain\n\n'; cat`})
	s := start(t, append([]string{"--staticdir=" + dir, "--cgidir=" + cgi, "--devconsole"}, command...)...)
	for path, words := range map[string]string{"/page.html": "<p>page", "/": "<!doctype html>"} {
		a := ask(t, request(t, s, "GET", path, nil, "Accept: text/html,*/*;q=0.8"))
		if body := a.rest(); a.StatusCode != 200 || !strings.Contains(strings.ToLower(body), words) {
			t.Errorf("%s: %d %.100q", path, a.StatusCode, body)
		}
	}
	a := ask(t, request(t, s, "POST", "/script", strings.NewReader("body"), eventStream))
	if body := a.rest(); body != "body" {
		t.Errorf("a script: %d %q", a.StatusCode, body)
	}
	if n := starts(); n != 0 {
		t.Errorf("%d processes were started", n)
	}
	if body := ask(t, request(t, s, "POST", "/page.html", strings.NewReader("body\n"))).rest(); body != "body\n" {
		t.Errorf("POST to a program beside a file: %q", body)
	}
}

// An older client gets an answer that ends with the connection.
func TestHTTP10(t *testing.T) {
	t.Parallel()
	s := start(t, "sh", "-c", "cat; echo over")
	for _, r := range []struct {
		request harness.Request
		body    string
		want    string
	}{
		{harness.Get("/").Add("Accept", "text/event-stream").As("GET", "HTTP/1.0"), "", "data: over\n\n"},
		{harness.Get("/").Add("Content-Length", "5").As("POST", "HTTP/1.0"), "body\n", "body\nover\n"},
	} {
		c := s.Dial(t)
		c.Send(t, r.request.String()+r.body)
		if err := c.ReadResponse(); err != nil || c.Status() != 200 || !strings.Contains(c.Body, r.want) {
			t.Errorf("%s: %v, %q", r.request.Method, err, c.Body)
		}
	}
}
