package control

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"websocketd/test/harness"
)

// fleet are programs of each lifetime.
const fleet = `
[program.one]
command = ["sh", "-c", "echo ready; exec cat"]
[program.many]
command = ["sh", "-c", "echo ready; exec cat"]
lifetime = "shared"
linger = "1h"
[program.kept]
command = ["sh", "-c", "echo ready; exec cat"]
lifetime = "session"
`

// api is an operator's client. Every request of its, and every answer, is held against the
// server's own OpenAPI document.
type api struct {
	*managed
	t      *testing.T
	router routers.Router
}

// newAPI serves the fleet.
func newAPI(t *testing.T, flags ...string) *api {
	t.Helper()
	dir := t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "x.toml"), fleet, 0o600)
	a := &api{managed: atLoopback(t, harness.Options{Dir: dir, Args: append(flags, "--config=x.toml")}), t: t}
	status, text := a.managed.ask(t, "GET", "/api/openapi.json", "Authorization: Bearer "+a.token)
	doc, err := openapi3.NewLoader().LoadFromData([]byte(text))
	if err == nil {
		err = doc.Validate(context.Background())
	}
	if status != 200 || err != nil {
		t.Fatalf("openapi.json: %d %v", status, err)
	}
	doc.Servers[0].URL = "http://" + a.address // the router wants a host
	if a.router, err = legacy.NewRouter(doc); err != nil {
		t.Fatal(err)
	}
	return a
}

// request returns a request with the token; a header of a line replaces it.
func (a *api) request(method, path, body string, headers []string) *http.Request {
	r, err := http.NewRequestWithContext(harness.Context(a.t), method, "http://"+a.address+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+a.token)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	return r
}

// ask returns the answer to a request, which the document must allow.
func (a *api) ask(method, path, body string, headers ...string) (*http.Response, string) {
	a.t.Helper()
	about := a.request(method, path, body, headers)
	route, params, err := a.router.FindRoute(about)
	if err != nil {
		a.t.Fatalf("%s %s is not in the document: %v", method, path, err)
	}
	input := &openapi3filter.RequestValidationInput{Request: about, PathParams: params, Route: route, Options: &openapi3filter.Options{
		IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
	wrong := openapi3filter.ValidateRequest(context.Background(), input)
	answer, err := a.client.Do(a.request(method, path, body, headers))
	if err != nil {
		a.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	if refused := answer.StatusCode == 400; wrong != nil && !refused {
		a.t.Errorf("%s %s is answered %d; by the document: %v", method, path, answer.StatusCode, wrong)
	}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{RequestValidationInput: input,
		Status: answer.StatusCode, Header: answer.Header, Body: io.NopCloser(strings.NewReader(string(text))), Options: input.Options})
	if err != nil {
		a.t.Errorf("%s %s is answered %d %q, which the document does not know: %v", method, path, answer.StatusCode, text, err)
	}
	return answer, string(text)
}

// expect asks, and checks the status and the text.
func (a *api) expect(method, path, body string, status int, want string, headers ...string) {
	a.t.Helper()
	if answer, got := a.ask(method, path, body, headers...); answer.StatusCode != status || strings.TrimSpace(got) != want {
		a.t.Errorf("%s %s: %d %q, want %d %q", method, path, answer.StatusCode, got, status, want)
	}
}

// read returns a document.
func read[T any](a *api, path string) (d T) {
	a.t.Helper()
	answer, text := a.ask("GET", path, "")
	if err := json.Unmarshal([]byte(text), &d); err != nil || answer.StatusCode != 200 {
		a.t.Fatalf("%s: %d %s", path, answer.StatusCode, text)
	}
	return d
}

// thing is what a document about one thing has, as far as the tests need it.
type thing struct {
	ID, Name, Path, Remote      string
	Pid, Processes, Connections int
	Channel                     *string
}

// meet connects a client and waits for what its program says first.
func (a *api) meet(path string) *harness.Conn {
	a.t.Helper()
	c := a.ConnectTo(a.t, path)
	c.Expect(a.t, "ready")
	return c
}

// TestAPI: the state of everything, and how everything is ended.
func TestAPI(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	one, two, many, kept := a.meet("/one/x?planted=planted-query"), a.meet("/one"), a.meet("/many"), a.meet("/kept")
	if s := read[map[string]any](a, "/api/server"); s["connections"] != 4.0 || s["sessions"] != 1.0 || s["processes"] != 4.0 || s["programs"] != 3.0 || s["goingAway"] != false {
		t.Errorf("%v", s)
	}
	for _, p := range read[[]thing](a, "/api/programs") {
		if want := map[string]int{"one": 2, "many": 1, "kept": 1}[p.Name]; p.Processes != want || p.Connections != want {
			t.Errorf("%+v", p)
		}
		if p.Name == "many" != (p.Channel != nil) {
			t.Errorf("%+v", p)
		}
		read[thing](a, "/api/programs/"+p.Name)
	}
	all := read[[]thing](a, "/api/connections")
	if len(all) != 4 || all[0].Path != "/one/x" || all[0].Remote != "127.0.0.1" || all[0].Pid == 0 || all[2].Pid != 0 {
		t.Errorf("%+v", all)
	}
	a.expect("DELETE", "/api/connections/"+all[0].ID, "", 200, fmt.Sprintf(`{"id":"%s"}`, all[0].ID))
	one.Ends(t, 1008, "kicked")
	harness.Until(t, "it is gone", func() bool { return len(read[[]thing](a, "/api/connections")) == 3 })
	a.expect("DELETE", "/api/connections/"+all[0].ID, "", 404, "there is no connection of that id: GET /api/connections lists them")

	a.expect("DELETE", "/api/programs/one/processes", "", 200, `{"ended":1}`)
	two.Ends(t, 1008, "ended by the operator")
	a.expect("DELETE", "/api/programs/many/processes", "", 200, `{"ended":1}`)
	many.Ends(t, 1000, "exit status 0")
	again := a.meet("/many")

	type named struct{ ID string }
	session := read[[]named](a, "/api/sessions")[0]
	read[named](a, "/api/sessions/"+session.ID)
	a.expect("DELETE", "/api/sessions/1", "", 200, fmt.Sprintf(`{"id":"%s"}`, session.ID))
	kept.Ends(t, 1000, "exit status 0")
	for _, path := range []string{"/api/sessions/1", "/api/programs/none"} {
		for header, begin := range map[string]string{"Accept: */*": "there is no ", "Accept: application/json": `{"error":"there is no `} {
			if answer, text := a.ask("GET", path, "", header); answer.StatusCode != 404 || !strings.HasPrefix(text, begin) {
				t.Errorf("%s: %d %s", path, answer.StatusCode, text)
			}
		}
	}
	harness.Until(t, "only one process is left", func() bool { return read[map[string]any](a, "/api/server")["processes"] == 1.0 })
	again.Leave(t)
}

// TestAPIChannels: the channel of a process without a WebSocket, and its input.
func TestAPIChannels(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	one, many := a.meet("/one"), a.meet("/many")
	id := read[[]thing](a, "/api/connections")[0].ID
	a.expect("POST", "/api/channels/process:many", "hello", 204, "", "Content-Type: text/plain")
	many.Expect(t, "hello")
	var got struct {
		Recovered bool
		Next      string
		Pending   []struct {
			Type string
			Data any
		}
	}
	harness.Until(t, "it is in the channel", func() bool {
		_, text := a.ask("GET", "/api/channels/process:many?wait=1m", "")
		return json.Unmarshal([]byte(text), &got) == nil && len(got.Pending) == 3
	})
	if got.Pending[0].Type != "process_status" || got.Pending[1].Data != "ready" || got.Pending[2].Data != "hello" {
		t.Errorf("%+v", got)
	}
	a.expect("POST", "/api/channels/process:"+id, "x", 405, "this process takes only what its own client sends", "Content-Type: text/plain")
	a.expect("POST", "/api/channels/process:none", "x", 404, `{"error":"there is no such channel: GET /api/channels lists them"}`, "Accept: application/json", "Content-Type: text/plain")
	a.expect("DELETE", "/api/programs/many/processes", "", 200, `{"ended":1}`)
	many.Ends(t, 1000, "exit status 0")
	a.expect("POST", "/api/channels/process:many", "x", 409, "no process takes anything here now: it has ended, or is about to be started", "Content-Type: text/plain")
	for _, ch := range read[[]thing](a, "/api/channels") {
		if ch.Name != "process:many" && ch.Name != "process:"+id {
			t.Errorf("%+v", ch)
		}
	}
	one.Leave(t)
}

// TestAPISecrets: what is secret is in no document and no line of the log, and nobody is told
// anything without the token.
func TestAPISecrets(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	handshake := harness.Handshake("/kept?key=planted-query").Add("Cookie", "a=planted-cookie").Add("X-Api-Key", "planted-key").Add("Authorization", "Bearer planted-bearer")
	a.Open(t, handshake).Expect(t, "ready")
	_, text := a.ask("POST", "/api/ticket", "")
	var ticket struct{ Ticket string }
	if json.Unmarshal([]byte(text), &ticket) != nil || ticket.Ticket == "" {
		t.Fatal(text)
	}
	for _, path := range []string{"/api/server", "/api/programs", "/api/programs/kept", "/api/sessions", "/api/sessions/1", "/api/connections", "/api/hub", "/api/channels", "/api/openapi.json", "/metrics"} {
		_, text := a.ask("GET", path, "")
		for _, secret := range []string{"planted-", a.token, ticket.Ticket} {
			if strings.Contains(text, secret) {
				t.Errorf("%s tells %q:\n%s", path, secret, text)
			}
		}
		if answer, text := a.ask("GET", path, "", "Authorization: "); answer.StatusCode != 401 || strings.Contains(text, "kept") {
			t.Errorf("%s says %d %q to anyone", path, answer.StatusCode, text)
		}
	}
}
