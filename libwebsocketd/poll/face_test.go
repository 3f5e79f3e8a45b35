package poll

import (
	"net/http"
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

func TestSpeaks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		method, url string
		headers     []string
		want        bool
	}{
		{"GET", "/", nil, false},
		{"GET", "/", []string{"Accept: */*"}, false},
		{"GET", "/", []string{"Accept: text/*"}, false},
		{"GET", "/", []string{"Accept: text/html,application/xhtml+xml,*/*;q=0.8"}, false},
		{"GET", "/", []string{"Accept: text/event-stream"}, true},
		{"GET", "/", []string{"Accept: TEXT/Event-Stream ; q=0.5"}, true},
		{"GET", "/", []string{"Accept: text/html, text/event-stream"}, true},
		{"GET", "/", []string{"Accept: text/html", "Accept: text/event-stream"}, true},
		{"GET", "/", []string{"Accept: text/event-stream;q=0"}, false},
		{"GET", "/", []string{"Accept: text/event-stream;q=0.000, */*"}, false},
		{"GET", "/", []string{"Accept: text/event-streams"}, false},
		{"GET", "/", []string{"Accept: application/json"}, false},
		{"GET", "/?wait=1s", nil, false},
		{"GET", "/?wait=1s", []string{"Accept: application/json"}, true},
		{"GET", "/?wait", []string{"Accept: application/json"}, true},
		{"HEAD", "/?wait=1s", []string{"Accept: application/json, text/event-stream"}, false},
		{"POST", "/", nil, true},
		{"PUT", "/", []string{"Accept: text/event-stream"}, false},
		{"OPTIONS", "/", nil, false},
		{"OPTIONS", "/", []string{"Access-Control-Request-Method: POST"}, true},
	} {
		if got := New().Speaks(request(t, test.method, test.url, "", test.headers...), nil); got != test.want {
			t.Errorf("%s %s %q: %v", test.method, test.url, test.headers, got)
		}
	}
}

// TestOpenRefuses has the refusals of a Lifetime answered as they are, with what a
// page needs to read them.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, status := range []int{204, 400, 404, 410, 429} {
		_, url := serve(t, libwebsocketd.Program{Settings: libwebsocketd.Settings{Lifetime: life{func(*libwebsocketd.Attach) (libwebsocketd.Endpoint, *gate.Refusal) {
			return nil, &gate.Refusal{Status: status, Reason: "because"}
		}}}})
		for _, r := range []*http.Request{
			request(t, "GET", url, "", "Accept: text/event-stream"),
			request(t, "GET", url+"?wait=0s", "", "Accept: application/json"),
			request(t, "POST", url, "x"),
		} {
			r.Header.Set("Origin", "http://127.0.0.1:1")
			got := do(t, r)
			if got.StatusCode != status || got.Header.Get("Access-Control-Allow-Origin") != "http://127.0.0.1:1" || got.Header.Get("Vary") != "Origin" {
				t.Errorf("%s: %d %v, want %d", r.Method, got.StatusCode, got.Header, status)
			}
		}
	}
}

// TestCalls has what a Lifetime is told of each kind of client.
func TestCalls(t *testing.T) {
	t.Parallel()
	const events, wait = "Accept: text/event-stream", "Accept: application/json"
	type flags struct{ start, feeds, returns, notes bool }
	calls := make(chan flags, 1)
	_, url := serve(t, libwebsocketd.Program{Settings: libwebsocketd.Settings{Lifetime: life{func(c *libwebsocketd.Attach) (libwebsocketd.Endpoint, *gate.Refusal) {
		calls <- flags{c.MayStart, c.SendOnly, c.Polling, c.OutOfBand}
		return nil, &gate.Refusal{Status: 404, Reason: "because"}
	}}}})
	for _, test := range []struct {
		method, query string
		headers       []string
		want          flags
	}{
		{"GET", "", []string{events}, flags{true, false, false, true}},
		{"GET", "?after=7", []string{events}, flags{true, false, false, true}},
		{"GET", "", []string{events, "Last-Event-ID: e:7"}, flags{false, false, false, true}},
		{"GET", "?wait=1s", []string{events, wait}, flags{true, false, false, true}},
		{"GET", "?wait=1s", []string{wait}, flags{true, false, true, true}},
		{"GET", "?wait=1s&after=0", []string{wait}, flags{true, false, true, true}},
		{"GET", "?wait=1s&after=7", []string{wait}, flags{false, false, true, true}},
		{"GET", "?wait=1s", []string{wait, "Last-Event-ID: e:0"}, flags{false, false, true, true}},
		{"POST", "", nil, flags{true, true, true, false}},
		{"POST", "", []string{events}, flags{true, true, true, false}},
	} {
		do(t, request(t, test.method, url+test.query, "", test.headers...))
		if got := <-calls; got != test.want {
			t.Errorf("%s %s %q: %v, want %v", test.method, test.query, test.headers, got, test.want)
		}
	}
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	_, url := serve(t, libwebsocketd.Program{})
	got := do(t, request(t, "OPTIONS", url, "", "Origin: http://127.0.0.1:1", "Access-Control-Request-Method: POST"))
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin":  "http://127.0.0.1:1",
		"Access-Control-Allow-Methods": "GET, POST, DELETE",
		"Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, Last-Event-ID",
		"Access-Control-Max-Age":       "600",
		"Vary":                         "Origin",
	} {
		if got.StatusCode != 204 || got.Header.Get(name) != want {
			t.Errorf("%d, %s: %q, want %q", got.StatusCode, name, got.Header.Get(name), want)
		}
	}
	refused := do(t, request(t, "OPTIONS", url, "", "Origin: http://elsewhere", "Access-Control-Request-Method: POST"))
	if refused.StatusCode != 403 || refused.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a page that may not: %d %v", refused.StatusCode, refused.Header)
	}
	if got := do(t, request(t, "POST", url, "x")); got.Header.Get("Access-Control-Allow-Origin") != "" || got.Header.Get("Vary") != "" {
		t.Errorf("without an Origin: %v", got.Header)
	}
}

// TestOldHTTPHasNoTrailer: a trailer needs chunks, which HTTP/1.0 lacks.
func TestOldHTTPHasNoTrailer(t *testing.T) {
	r := request(t, "POST", "/", "", "TE: trailers")
	if !wantsTrailer(r) {
		t.Error("HTTP/1.1 is refused a trailer")
	}
	if r.ProtoMinor = 0; wantsTrailer(r) {
		t.Error("HTTP/1.0 is given a trailer")
	}
}
