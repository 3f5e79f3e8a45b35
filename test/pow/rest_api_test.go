package pow

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"websocketd/test/harness"
)

// api is a client of the REST API. Every request of its, and every answer, is held against the
// server's own OpenAPI document.
type api struct {
	t       *testing.T
	base    string // the URL below which the API is
	headers []string
	client  *http.Client
	router  routers.Router
}

// newAPI returns a client of the API below a path. Each line is a header of all its requests.
func newAPI(t *testing.T, s *harness.Server, base string, headers ...string) *api {
	t.Helper()
	a := &api{t: t, base: "http://" + s.Addr + base, headers: headers, client: harness.HTTPClient(t)}
	a.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	document := a.ask("GET", "openapi.json", "")
	doc, err := openapi3.NewLoader().LoadFromData([]byte(document.body))
	if err == nil {
		err = doc.Validate(context.Background())
	}
	if document.StatusCode != 200 || err != nil {
		t.Fatalf("openapi.json: %d %v\n%s", document.StatusCode, err, document.body)
	}
	doc.Servers[0].URL = "http://" + s.Addr + doc.Servers[0].URL // the router wants a host
	if a.router, err = legacy.NewRouter(doc); err != nil {
		t.Fatal(err)
	}
	return a
}

// answer is one that was read to its end.
type answer struct {
	*http.Response
	body string
}

// request returns a request for a path below the base.
func (a *api) request(method, path, body string, headers ...string) *http.Request {
	a.t.Helper()
	r, err := http.NewRequestWithContext(harness.Context(a.t), method, a.base+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	for _, line := range append(a.headers, headers...) {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	return r
}

// ask returns the answer to a request for a path below the base.
func (a *api) ask(method, path, body string, headers ...string) answer {
	a.t.Helper()
	got, err := a.try(method, path, body, headers...)
	if err != nil {
		a.t.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

// try is ask where there may be no answer.
func (a *api) try(method, path, body string, headers ...string) (answer, error) {
	a.t.Helper()
	if path == "new" {
		headers = append(headers, "Content-Type: application/json")
	}
	r := a.request(method, path, body, headers...)
	var check func(*http.Response, string)
	if a.router != nil && path != "" && path != "openapi.json" && !strings.HasPrefix(path, "docs") && method != "OPTIONS" {
		check = a.expectation(a.request(method, path, body, headers...))
	}
	resp, err := a.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err == nil && check != nil {
		check(resp, string(data))
	}
	return answer{resp, string(data)}, err
}

// expectation returns what holds the answer to a request against the document. What that does
// not know is not found; what it does not allow is refused, and nothing else is.
func (a *api) expectation(r *http.Request) func(*http.Response, string) {
	about := r.Method + " " + r.URL.Path
	if r.Method == http.MethodHead {
		r.Method = http.MethodGet
	}
	route, params, unknown := a.router.FindRoute(r)
	if unknown != nil {
		want, allow := 404, a.methodAt(r)
		if allow != "" {
			want = 405
		}
		return func(resp *http.Response, _ string) {
			if resp.StatusCode != want || !strings.HasPrefix(resp.Header.Get("Allow"), allow) {
				a.t.Errorf("%s, which is not in the document: %d, Allow %q", about, resp.StatusCode, resp.Header.Get("Allow"))
			}
		}
	}
	input := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{IncludeResponseStatus: true}}
	wrong := openapi3filter.ValidateRequest(context.Background(), input)
	return func(resp *http.Response, body string) {
		if refused := resp.StatusCode == 400 || resp.StatusCode == 404; (wrong != nil && !refused) || (wrong == nil && resp.StatusCode == 400) {
			a.t.Errorf("%s is answered %d; by the document: %v", about, resp.StatusCode, wrong)
		}
		if resp.Request.Method == http.MethodHead {
			input.Options.ExcludeResponseBody = true
		}
		err := openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{RequestValidationInput: input,
			Status: resp.StatusCode, Header: resp.Header, Body: io.NopCloser(strings.NewReader(body)), Options: input.Options})
		if err != nil {
			a.t.Errorf("%s is answered %d %q, which the document does not know: %v", about, resp.StatusCode, body, err)
		}
	}
}

// methodAt returns the method that the document has at the path of a request, "" if there is
// nothing.
func (a *api) methodAt(r *http.Request) string {
	for _, method := range []string{"GET", "POST"} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, _, err := a.router.FindRoute(other); err == nil {
			return method
		}
	}
	return ""
}

// expect asks, and checks the answer.
func (a *api) expect(method, path, body string, status int, want string) {
	a.t.Helper()
	if got := a.ask(method, path, body); got.StatusCode != status || got.body != want {
		a.t.Errorf("%s %s: %d %q, want %d %q", method, path, got.StatusCode, got.body, status, want)
	}
}

// call makes a call, and returns its id.
func (a *api) call(name string, params ...string) (id string) {
	a.t.Helper()
	got := a.ask("POST", "new", callOf(name, params...))
	if err := json.Unmarshal([]byte(got.body), &id); err != nil || got.StatusCode != 200 {
		a.t.Fatalf("new: %d %s", got.StatusCode, got.body)
	}
	return id
}

func callOf(name string, params ...string) string {
	body, _ := json.Marshal(map[string]any{"call": name, "params": params})
	return string(body)
}

// state is the answer to status.
type state struct {
	Buffer *string
	Result struct {
		Status, Reason string
		Value          json.RawMessage
	}
}

// status returns how far a call has come.
func (a *api) status(id string) (s state) {
	a.t.Helper()
	got := a.ask("GET", "status/"+id, "")
	d := json.NewDecoder(bytes.NewReader([]byte(got.body)))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil || got.StatusCode != 200 {
		a.t.Fatalf("status: %d %s", got.StatusCode, got.body)
	}
	return s
}

// ends waits for the result of a call.
func (a *api) ends(id string) (s state) {
	a.t.Helper()
	harness.Until(a.t, "the call has a result", func() bool {
		s = a.status(id)
		return s.Result.Status != "pending"
	})
	return s
}

// shows waits until the output of a call is this.
func (a *api) shows(id, want string) {
	a.t.Helper()
	harness.Until(a.t, "the output is "+want, func() bool {
		s := a.status(id)
		return s.Buffer != nil && *s.Buffer == want
	})
}

// fulfilled waits for the result of a call, which is fulfilled with nothing, after an output.
func (a *api) fulfilled(id, output string) {
	a.t.Helper()
	s := a.ends(id)
	if s.Buffer == nil {
		s.Buffer = new(string)
	}
	if s.Result.Status != "fulfilled" || *s.Buffer != output {
		a.t.Errorf("%+v after %q, want %q", s.Result, *s.Buffer, output)
	}
}

// rejected waits for the result of a call, which is rejected for a reason.
func (a *api) rejected(id, reason string) {
	a.t.Helper()
	if s := a.ends(id); s.Result.Status != "rejected" || s.Result.Reason != reason {
		a.t.Errorf("%s %s: %q, want %q", id, s.Result.Status, s.Result.Reason, reason)
	}
}
