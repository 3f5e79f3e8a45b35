package control

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/testkit"
)

const rightToken = "the-token-of-the-operator"

// oneToken is a credential of one token.
type oneToken struct{}

func (oneToken) Name() string      { return "token" }
func (oneToken) Schemes() []string { return []string{"Bearer"} }
func (oneToken) Identify(_ *http.Request, _ gate.Client, shown gate.Proof) (gate.Identity, *gate.Refusal) {
	switch {
	case shown.Scheme != "Bearer":
		return gate.Identity{}, nil
	case shown.Secret != rightToken:
		return gate.Identity{}, gate.Wrong("the token is not right")
	}
	return gate.Identity{User: "operator", Proof: "Bearer"}, nil
}

// guardOf returns a Control that listens at 127.0.0.1:9615, until the end of the test.
func guardOf(t *testing.T, token gate.Credential) (*Control, *testkit.LogBook) {
	t.Helper()
	book := &testkit.LogBook{}
	at, err := ParseAddress("127.0.0.1:9615")
	if err != nil {
		t.Fatal(err)
	}
	c := New(Options{Name: "main", Address: at, Hosts: []string{"admin.example"}, Token: token, Log: slog.New(book)})
	t.Cleanup(c.Close)
	return c, book
}

// request is one to a Control. Headers are NAME: VALUE.
type request struct {
	method, path string
	host, from   string // 127.0.0.1:9615, and 192.0.2.1:1234
	unix         bool
	headers      []string
}

func (q request) to(c *Control) *http.Response {
	r := httptest.NewRequest(or(q.method, "GET"), "http://127.0.0.1:9615"+or(q.path, "/api/hub"), nil)
	r.Host, r.RemoteAddr = or(q.host, "127.0.0.1:9615"), or(q.from, "192.0.2.1:1234")
	for _, line := range q.headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	var at net.Addr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9615}
	if q.unix {
		at = &net.UnixAddr{Name: "@x", Net: "unix"}
	}
	ctx, cancel := context.WithCancel(context.WithValue(r.Context(), http.LocalAddrContextKey, at))
	cancel() // what streams is over at once
	w := httptest.NewRecorder()
	defer func() { recover() }() // a stream that was cut
	c.ServeHTTP(w, r.WithContext(ctx))
	return w.Result()
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func bearer(token string) string { return "Authorization: Bearer " + token }

// Who may ask, and what for.
func TestGuard(t *testing.T) {
	t.Parallel()
	right, wrong := bearer(rightToken), bearer("another-token")
	for _, test := range []struct {
		about string
		request
		status int // with a token, and
		none   int // with none: 0 is the same
	}{
		{"nothing is shown", request{}, 401, 200},
		{"Bearer", request{headers: []string{right}}, 200, 0},
		{"bearer", request{headers: []string{"authorization: bEARER " + rightToken}}, 200, 0},
		{"ApiKey", request{headers: []string{"Authorization: ApiKey " + rightToken}}, 200, 0},
		{"X-API-Key", request{headers: []string{"X-API-Key: " + rightToken}}, 200, 0},
		{"wrong", request{headers: []string{wrong}}, 401, 200},
		{"wrong ApiKey", request{headers: []string{"Authorization: ApiKey x"}}, 401, 200},
		{"wrong X-API-Key", request{headers: []string{"X-API-Key: x"}}, 401, 200},
		{"X-API-Key with a scheme", request{headers: []string{"X-API-Key: Bearer " + rightToken}}, 400, 200},
		{"two", request{headers: []string{right, "X-API-Key: " + rightToken}}, 400, 200},
		{"two of one", request{headers: []string{right, wrong}}, 400, 200},
		{"Basic", request{headers: []string{"Authorization: Basic b3BlcmF0b3I6dGhlLXRva2VuLW9mLXRoZS1vcGVyYXRvcg=="}}, 401, 200},
		{"as subprotocol", request{headers: []string{"Sec-WebSocket-Protocol: bearer.dGhlLXRva2VuLW9mLXRoZS1vcGVyYXRvcg"}}, 401, 200},
		{"in the query", request{path: "/api/hub?token=" + rightToken}, 401, 200},
		{"in the query of a WebSocket", request{path: "/ws?token=" + rightToken}, 403, 403},
		{"in a cookie", request{headers: []string{"Cookie: token=" + rightToken}}, 401, 200},

		{"what is not there", request{path: "/nothing"}, 401, 404},
		{"what is not there, with the token", request{path: "/nothing", headers: []string{right}}, 404, 0},
		{"another method", request{method: "PUT"}, 401, 405},
		{"another method, with the token", request{method: "PUT", headers: []string{right}}, 405, 0},
		{"a path to clean", request{path: "/api//hub"}, 401, 307},
		{"OPTIONS", request{method: "OPTIONS"}, 401, 204},
		{"OPTIONS with the token", request{method: "OPTIONS", headers: []string{right}}, 204, 0},
		{"OPTIONS of nothing", request{method: "OPTIONS", path: "/nothing", headers: []string{right}}, 404, 0},
		{"HEAD", request{method: "HEAD"}, 401, 200},
		{"HEAD with the token", request{method: "HEAD", headers: []string{right}}, 200, 0},

		{"another host", request{host: "evil.example", headers: []string{right}}, 421, 0},
		{"another host, nothing shown", request{host: "evil.example:9615", path: "/nothing"}, 421, 0},
		{"no host name", request{host: "a b", headers: []string{right}}, 421, 0},
		{"localhost", request{host: "localhost:9615", headers: []string{right}}, 200, 0},
		{"::1", request{host: "[::1]:9615", headers: []string{right}}, 200, 0},
		{"--host", request{host: "admin.example", headers: []string{right}}, 200, 0},
		{"another host on the socket", request{unix: true, host: "evil.example"}, 421, 0},
		{"the socket", request{unix: true, host: "localhost"}, 200, 0},
		{"the socket, a page", request{unix: true, host: "localhost", headers: []string{"Origin: http://evil.example"}}, 403, 0},

		{"our page", request{headers: []string{right, "Origin: http://127.0.0.1:9615", "Sec-Fetch-Site: same-origin"}}, 200, 0},
		{"our page reads", request{headers: []string{right, "Sec-Fetch-Site: same-origin"}}, 200, 0},
		{"typed", request{headers: []string{right, "Sec-Fetch-Site: none"}}, 200, 0},
		{"another page", request{headers: []string{right, "Origin: http://evil.example"}}, 403, 0},
		{"another page, nothing shown", request{path: "/nothing", headers: []string{"Origin: http://evil.example"}}, 403, 0},
		{"another page writes", request{method: "POST", path: "/api/ticket", headers: []string{right, "Origin: https://evil.example"}}, 403, 0},
		{"a page in a sandbox", request{headers: []string{right, "Origin: null"}}, 403, 0},
		{"two pages", request{headers: []string{right, "Origin: http://127.0.0.1:9615", "Origin: http://evil.example"}}, 403, 0},
		{"an image", request{headers: []string{right, "Sec-Fetch-Site: cross-site"}}, 403, 0},
		{"an image of a neighbor", request{headers: []string{right, "Sec-Fetch-Site: same-site"}}, 403, 0},
		{"a page of another port", request{headers: []string{right, "Origin: http://127.0.0.1:3000", "Sec-Fetch-Site: same-site"}}, 403, 200},
		{"a page of localhost", request{headers: []string{right, "Origin: http://localhost:5173"}}, 403, 200},
		{"a page of localhost over TLS", request{headers: []string{right, "Origin: https://localhost:5173"}}, 403, 403},
		{"a name that begins so", request{headers: []string{right, "Origin: http://localhost.evil.example"}}, 403, 403},
		{"a name with a user", request{headers: []string{right, "Origin: http://localhost@evil.example"}}, 403, 403},
		{"a page of another name of this machine", request{headers: []string{right, "Origin: http://[::1]:5173"}}, 403, 403},
		{"a page asks before", request{method: "OPTIONS", headers: []string{"Origin: http://localhost:5173", "Access-Control-Request-Method: GET"}}, 403, 204},
	} {
		for name, kind := range map[string]gate.Credential{"token": oneToken{}, "none": nil} {
			want := test.status
			if kind == nil && test.none != 0 {
				want = test.none
			}
			c, _ := guardOf(t, kind)
			got := test.to(c)
			if got.StatusCode != want {
				t.Errorf("%s, %s: %d, want %d", test.about, name, got.StatusCode, want)
			}
			checkAnswer(t, test.about+", "+name, test.request, got, kind == nil)
		}
	}
}

// checkAnswer checks what every answer has.
func checkAnswer(t *testing.T, about string, asked request, got *http.Response, none bool) {
	t.Helper()
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Server": ""} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %s is %q", about, name, got.Header.Get(name))
		}
	}
	if !strings.Contains(got.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Errorf("%s: it may be framed: %q", about, got.Header.Get("Content-Security-Policy"))
	}
	if challenge := got.Header.Get("WWW-Authenticate"); (got.StatusCode == 401) != strings.HasPrefix(challenge, "Bearer") {
		t.Errorf("%s: %d with the challenge %q", about, got.StatusCode, challenge)
	}
	origin := ""
	for _, line := range asked.headers {
		if value, ok := strings.CutPrefix(line, "Origin: "); ok {
			origin = value
		}
	}
	ofMachine := regexp.MustCompile(`^http://(localhost|127\.0\.0\.1):\d+$`).MatchString(origin)
	shared := got.Header.Get("Access-Control-Allow-Origin")
	if want := ofMachine && none && got.StatusCode < 400; want != (shared != "") || want && (shared != origin || got.Header.Get("Vary") != "Origin") {
		t.Errorf("%s: %d is shared with %q, asked for by %q", about, got.StatusCode, shared, origin)
	}
	if got.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%s: shared with cookies", about)
	}
}

// filled returns a path and method of a pattern.
func filled(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	return method, strings.TrimSuffix(regexp.MustCompile(`\{[^}$]*\}`).ReplaceAllString(path, "x"), "{$}")
}

// TestStrangers asks for every route with nothing shown: those that are not open say nothing
// but that something is needed, whatever their policy.
func TestStrangers(t *testing.T) {
	t.Parallel()
	c, _ := guardOf(t, oneToken{})
	if len(c.policies) < 3 {
		t.Fatalf("there are only %d routes", len(c.policies))
	}
	guardedOnes := 0
	for pattern, p := range c.policies {
		method, path := filled(pattern)
		if method == "" || p == undeclared {
			t.Errorf("%s has no method or no policy", pattern)
		}
		for _, asked := range []request{
			{method: method, path: path},
			{method: method, path: path, headers: []string{bearer("another-token")}},
			{method: method, path: path, headers: []string{"Accept: application/json"}},
			{method: method, path: path, headers: []string{"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}},
		} {
			asked.from = fmt.Sprintf("192.0.2.%d:1234", guardedOnes%250) // none is slowed
			got := asked.to(c)
			needs := p != open || pattern == rootPattern && slices.Contains(asked.headers, "Accept: application/json")
			if needs != (got.StatusCode == http.StatusUnauthorized) || !needs && got.StatusCode >= 400 && got.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("%s answers a stranger with %d", pattern, got.StatusCode)
			}
			guardedOnes++
		}
		elsewhere := request{method: method, path: path, host: "evil.example", headers: []string{bearer(rightToken)}}
		if got := elsewhere.to(c); got.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("%s answers another host with %d", pattern, got.StatusCode)
		}
		foreign := request{method: method, path: path, headers: []string{bearer(rightToken), "Origin: http://evil.example"}}
		if got := foreign.to(c); got.StatusCode != http.StatusForbidden {
			t.Errorf("%s answers another page with %d", pattern, got.StatusCode)
		}
	}
}

// TestUndeclared: a route that does not say who may ask for it cannot be added.
func TestUndeclared(t *testing.T) {
	t.Parallel()
	c, _ := guardOf(t, nil)
	defer func() {
		if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), "GET /api/secret") {
			t.Errorf("panicked with %v", p)
		}
	}()
	c.handle("GET /api/secret", undeclared, nil)
}

// TestTicket: a ticket lets in once, and only where it may stand in the URL.
func TestTicket(t *testing.T) {
	t.Parallel()
	c, book := guardOf(t, oneToken{})
	ask := func() string {
		var told struct {
			Ticket  string
			Expires int
		}
		got := request{method: "POST", path: "/api/ticket", headers: []string{bearer(rightToken)}}.to(c)
		if err := json.NewDecoder(got.Body).Decode(&told); err != nil || told.Expires != 30 || len(told.Ticket) != 43 {
			t.Fatalf("%d, %+v, %v", got.StatusCode, told, err)
		}
		return told.Ticket
	}
	testkit.Eventually(t, "the hub runs", func() bool {
		return request{path: "/ws", headers: []string{bearer(rightToken)}}.to(c).StatusCode == http.StatusUpgradeRequired
	})
	ticket := ask()
	if got := (request{path: "/api/hub?token=" + ticket}).to(c); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("a ticket is taken where it does not belong: %d", got.StatusCode)
	}
	if got := (request{method: "POST", path: "/api/ticket?token=" + ticket}).to(c); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("a ticket gets another ticket: %d", got.StatusCode)
	}
	for i, want := range []int{http.StatusUpgradeRequired, http.StatusForbidden, http.StatusForbidden} { // 426: it is no handshake
		if got := (request{path: "/ws?token=" + ticket}).to(c); got.StatusCode != want {
			t.Errorf("use %d of a ticket is answered %d, want %d", i+1, got.StatusCode, want)
		}
	}
	if got := (request{path: "/ws?token=" + ask() + "x"}).to(c); got.StatusCode != http.StatusForbidden {
		t.Errorf("what is no ticket is answered %d", got.StatusCode)
	}
	for range 100 { // the oldest go
		ticket = ask()
	}
	if got := (request{path: "/ws?token=" + ticket, headers: []string{"Origin: http://evil.example"}}).to(c); got.StatusCode != http.StatusForbidden {
		t.Errorf("a ticket on another page is answered %d", got.StatusCode)
	}
	if got := (request{path: "/ws?token=" + ticket}).to(c); got.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("a page without a right has used up the ticket: %d", got.StatusCode)
	}
	for _, line := range book.Category(category) {
		if strings.Contains(line, ticket) || strings.Contains(line, rightToken) {
			t.Errorf("the log has it: %s", line)
		}
	}
}

// TestWrongTokensAreSlowed: an address that guesses is refused before its guess is looked at,
// and nobody else; whoever has shown the right token there is not kept out.
func TestWrongTokensAreSlowed(t *testing.T) {
	t.Parallel()
	c, _ := guardOf(t, oneToken{})
	at := func(from, token string) int {
		return request{from: from, headers: []string{bearer(token)}}.to(c).StatusCode
	}
	if got := at("192.0.2.9:1", rightToken); got != 200 {
		t.Fatal(got)
	}
	slowed := false
	for i := range 30 {
		switch got := at("192.0.2.9:2", fmt.Sprint("guess-", i)); got {
		case http.StatusUnauthorized:
		case http.StatusTooManyRequests:
			slowed = true
			body := request{from: "192.0.2.9:2", headers: []string{bearer("guess")}}.to(c).Body
			if told, _ := io.ReadAll(body); !strings.Contains(string(told), "websocketd ctl") {
				t.Fatalf("no way out: %s", told)
			}
		default:
			t.Fatal(got)
		}
	}
	if !slowed {
		t.Error("30 guesses are not slowed")
	}
	if got := at("192.0.2.9:3", rightToken); got != 200 {
		t.Errorf("the operator is kept out: %d", got)
	}
	if got := at("192.0.2.10:1", "guess"); got != 401 {
		t.Errorf("another address is slowed: %d", got)
	}
}

// madeToken is a oneToken that nobody can guess.
type madeToken struct{ oneToken }

func (madeToken) IsUnguessable() bool { return true }

// TestMadeTokenIsNotKeptOut: who shows wrong tokens keeps nobody out who has the right one of the
// same address, as all users of one machine have at loopback, if it cannot be guessed.
func TestMadeTokenIsNotKeptOut(t *testing.T) {
	t.Parallel()
	c, _ := guardOf(t, madeToken{})
	for i := range 30 {
		if got := (request{from: "127.0.0.1:2", headers: []string{bearer(fmt.Sprint("guess-", i))}}).to(c).StatusCode; got != http.StatusUnauthorized {
			t.Fatal(got)
		}
	}
	if got := (request{from: "127.0.0.1:3", headers: []string{bearer(rightToken)}}).to(c).StatusCode; got != http.StatusOK {
		t.Errorf("the operator is kept out: %d", got)
	}
}

// TestRefusalsAsJSON: who asks for JSON is refused in JSON.
func TestRefusalsAsJSON(t *testing.T) {
	t.Parallel()
	c, _ := guardOf(t, oneToken{})
	got := request{headers: []string{"Accept: application/json"}}.to(c)
	var told map[string]string
	if err := json.NewDecoder(got.Body).Decode(&told); err != nil || len(told) != 1 || told["error"] == "" || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%v %v, %s", told, err, got.Header.Get("Content-Type"))
	}
}
