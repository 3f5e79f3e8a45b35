package cli

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// runtimeDir is o with a place for the sockets by which `websocketd ctl` finds a server.
func runtimeDir(t *testing.T, o harness.Options) harness.Options {
	dir, err := os.MkdirTemp("", "ctl") // whose path is short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	o.Env = append([]string{"XDG_RUNTIME_DIR=" + dir}, o.Env...)
	return o
}

// whereManaged is the operator's address as the server says it; with only the socket for
// `websocketd ctl` that has none.
func whereManaged(t *testing.T, o harness.Options) string {
	s := with(runtimeDir(t, o), "cat").Start(t)
	s.Out.Await(t, "Starting WebSocket server")
	s.Connect(t).Leave(t)
	s.Out.Await(t, "DISCONNECT")
	switch at := s.Out.With("Managed by"); {
	case len(at) == 0:
		return "nowhere"
	case len(at) == 1:
		return "only ctl"
	default:
		_, url, _ := strings.Cut(at[0], "http://")
		host, _, _ := strings.Cut(url, "/")
		return host
	}
}

// managed starts o with an operator's listener, and returns its address and the token that is
// in the log, which may be none.
func managed(t *testing.T, o harness.Options) (s *harness.Server, address, token string) {
	o.Args = append([]string{"--admin=127.0.0.1:0"}, o.Args...)
	s = with(runtimeDir(t, o), "cat").Start(t)
	_, url, _ := strings.Cut(s.Out.Await(t, "Managed by its operator"), "http://")
	address, token, _ = strings.Cut(url, "/")
	return s, address, strings.TrimPrefix(token, "#token=")
}

// askAdmin asks the operator's listener, and returns the status.
func askAdmin(t *testing.T, address, path, token string) int {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := harness.HTTPClient(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// tokenNeeded says whether the operator needs a token.
func tokenNeeded(t *testing.T, o harness.Options) string {
	_, address, _ := managed(t, o)
	if askAdmin(t, address, "/api/hub", "") == http.StatusOK {
		return "none"
	}
	return "a token"
}

// whoseAdminToken is whose token lets in: that of the log, or the one that a file has.
func whoseAdminToken(t *testing.T, o harness.Options) string {
	o.Dir = t.TempDir()
	for _, name := range []string{"ada", "bob"} {
		harness.WriteFile(t, filepath.Join(o.Dir, name+".token"), "secret-token-of-"+name+"\n", 0o600)
	}
	_, address, made := managed(t, o)
	var takes []string
	if made != "" && askAdmin(t, address, "/api/hub", made) == http.StatusOK {
		takes = append(takes, "made")
	}
	for _, name := range []string{"ada", "bob"} {
		if askAdmin(t, address, "/api/hub", "secret-token-of-"+name) == http.StatusOK {
			takes = append(takes, name)
		}
	}
	return strings.Join(takes, " ")
}

// profilesTaken is how a request for profiles of the server is answered.
func profilesTaken(t *testing.T, o harness.Options) string {
	_, address, token := managed(t, o)
	return strconv.Itoa(askAdmin(t, address, "/debug/pprof/", token))
}

// adminAddress is for the row of --admin.
var adminAddress = "127.0.0.1:" + strconv.Itoa(harness.MustFreePort())

// startsAnything is what the operator is answered who starts a program that is not configured.
func startsAnything(t *testing.T, o harness.Options) string {
	_, address, token := managed(t, o)
	r, err := http.NewRequest(http.MethodPost, "http://"+address+"/api/processes", strings.NewReader(`{"name": "more", "script": "cat"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := harness.HTTPClient(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return strconv.Itoa(answer.StatusCode)
}
