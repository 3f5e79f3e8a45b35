//go:build unix

package manager

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"websocketd/libwebsocketd/process"
)

// launcher returns what starts the scripts of checks until the test ends.
func launcher(t *testing.T) launch {
	t.Helper()
	l, err := process.NewLauncher(process.LauncherOptions{Subreaper: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return func(argv, env []string) (*process.Process, error) {
		return l.Start(process.Spec{Path: argv[0], Args: argv, Env: append([]string{"PATH=/usr/bin:/bin"}, env...), Stderr: process.StderrStdout})
	}
}

// TestCheckHTTP: a status from 200 to 299 is healthy, and nothing else; a check is over in time, and
// its request goes to the program itself.
func TestCheckHTTP(t *testing.T) {
	t.Parallel()
	if checkClient.Transport.(*http.Transport).Proxy != nil {
		t.Error("the environment may name a proxy")
	}
	var elsewhere bool
	mux := http.NewServeMux()
	mux.HandleFunc("/status/{code}", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.PathValue("code"))
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(code)
	})
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { elsewhere = true })
	mux.HandleFunc("/hangs", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/stalls", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/flood", func(w http.ResponseWriter, _ *http.Request) {
		for _, err := w.Write(make([]byte, mostAnswer)); err == nil; {
			_, err = w.Write(make([]byte, mostAnswer))
		}
	})
	mux.HandleFunc("/header", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X", strings.Repeat("x", 2*mostAnswer))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	number, _ := strconv.Atoi(port)
	for _, test := range []struct {
		path   string
		status int
		why    string
	}{
		{"/status/200", 200, ""},
		{"/status/299", 299, ""},
		{"/status/301", 301, "the answer is 301 Moved Permanently; it is healthy with 200 to 299"},
		{"/status/404", 404, "the answer is 404 Not Found; it is healthy with 200 to 299"},
		{"/status/503", 503, "the answer is 503 Service Unavailable; it is healthy with 200 to 299"},
		{"/hangs", 0, "the check took longer than 2s"},
		{"/stalls", 200, ""},
		{"/flood", 200, ""},
		{"/header", 0, "net/http: HTTP/1.x transport connection broken: net/http: server response headers exceeded 65536 bytes; aborted"},
	} {
		c := &Check{HTTP: "http://127.0.0.1:${PORT}" + test.path, Timeout: 20 * time.Second}
		if test.path == "/hangs" || test.path == "/stalls" {
			c.Timeout = 2 * time.Second
		}
		got := c.run(context.Background(), nil, number, nil)
		if got.Status != test.status || got.Why != test.why || got.OK != (test.why == "") || got.Took <= 0 {
			t.Errorf("%s: %+v, want %d %q", test.path, got, test.status, test.why)
		}
	}
	if elsewhere {
		t.Error("a redirection was followed")
	}
	server.Close()
	c := &Check{HTTP: server.URL, Timeout: 20 * time.Second}
	if got := c.run(context.Background(), nil, 0, nil); got.OK || !strings.Contains(got.Why, "connection refused") {
		t.Errorf("%+v", got)
	}
}

// TestCheckScript: exit status 0 is healthy. What a script has started is over with it, also when
// it is ended because it takes too long, and however much it writes.
func TestCheckScript(t *testing.T) {
	t.Parallel()
	start, dir := launcher(t), t.TempDir()
	pids := filepath.Join(dir, "pids")
	for _, test := range []struct {
		script  string
		status  int
		why     string
		timeout time.Duration
	}{
		{script: `test "$PORT" = 7`},
		{script: `echo fine; exit 0`},
		{script: `exit 3`, status: 3, why: "exit status 3"},
		{script: `echo one; printf 'no \033[1mroom\033[0m\n\n' >&2; exit 1`, status: 1, why: "exit status 1: no ?[1mroom?[0m"},
		{script: `cat; exit 4`, status: 4, why: "exit status 4"}, // its input is empty
		{script: `kill -9 $$`, status: -1, why: "signal: SIGKILL"},
		{script: `sleep 600 & echo $! >>` + pids + `; exit 5`, status: 5, why: "exit status 5"},
		{script: `trap "" TERM; sleep 600 & echo $! >>` + pids + `; wait`, status: -1, why: "the check took longer than 300ms", timeout: 300 * time.Millisecond},
		{script: `yes`, status: -1, why: "the check took longer than 300ms", timeout: 300 * time.Millisecond},
		{script: `head -c 1000000 /dev/zero | tr '\0' x; exit 6`, status: 6, why: "exit status 6: " + strings.Repeat("x", mostWhy) + "..."},
	} {
		c := &Check{Script: []string{"/bin/sh", "-c", test.script}, Timeout: test.timeout}
		if c.Timeout == 0 {
			c.Timeout = 2 * time.Minute
		}
		got := c.run(context.Background(), start, 0, []string{"PORT=7"})
		if got.Status != test.status || got.Why != test.why || got.OK != (test.why == "") || got.Took <= 0 {
			t.Errorf("%s: %+v, want %d %q", test.script, got, test.status, test.why)
		}
	}
	c := &Check{Script: []string{filepath.Join(dir, "none")}, Timeout: time.Minute}
	if got := c.run(context.Background(), start, 0, nil); got.OK || !strings.HasSuffix(got.Why, "none: no such file or directory") {
		t.Errorf("%+v", got)
	}
	text, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range strings.Fields(string(text)) {
		if pid, _ := strconv.Atoi(field); syscall.Kill(pid, 0) == nil {
			t.Errorf("%d has survived its script", pid)
		}
	}
}

// TestCheckEnds: a check ends with what it is for.
func TestCheckEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c := &Check{Script: []string{"/bin/sh", "-c", "sleep 600"}, Timeout: time.Hour}
	time.AfterFunc(50*time.Millisecond, cancel)
	if got := c.run(ctx, launcher(t), 0, nil); got.OK || got.Why != "signal: SIGKILL" {
		t.Errorf("%+v", got)
	}
}

// TestSettings: what is no check, and no way to be ready.
func TestSettings(t *testing.T) {
	good, script := &Check{HTTP: "http://localhost:${PORT}/health"}, []string{"/bin/true"}
	for _, test := range []struct {
		app  App
		want string
	}{
		{App{Health: good, Ready: &Ready{Check: &Check{Script: script}}}, ""},
		{App{Ready: &Ready{Notify: true}}, ""},
		{App{Ready: &Ready{Line: "^ready$"}}, ""},
		{App{Health: &Check{}}, "Health needs either HTTP or Script"},
		{App{Health: &Check{HTTP: good.HTTP, Script: script}}, "Health needs either HTTP or Script"},
		{App{Health: &Check{HTTP: "localhost:80/"}}, `Health has the HTTP "localhost:80/", which is no http:// or https:// URL with a host`},
		{App{Health: &Check{HTTP: "ftp://a/"}}, `Health has the HTTP "ftp://a/", which is no http:// or https:// URL with a host`},
		{App{Health: &Check{HTTP: "http:///a"}}, `Health has the HTTP "http:///a", which is no http:// or https:// URL with a host`},
		{App{Health: &Check{Script: script, Retries: -1}}, "Health has an Interval, a Timeout or Retries that are negative"},
		{App{Ready: &Ready{}}, "Ready needs one of Check, Line and Notify"},
		{App{Ready: &Ready{Notify: true, Line: "a"}}, "Ready needs one of Check, Line and Notify"},
		{App{Ready: &Ready{Notify: true, Timeout: -1}}, "Ready has a negative Timeout: -1ns"},
		{App{Ready: &Ready{Line: "("}}, "Ready has a Line that is no regular expression: error parsing regexp: missing closing ): `(`"},
		{App{Ready: &Ready{Check: &Check{}}}, "Ready needs either HTTP or Script"},
	} {
		got := ""
		if err := test.app.check(); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	full := App{Health: good, Ready: &Ready{Check: good}}.complete()
	if got := fmt.Sprint(full.Health.Interval, full.Health.Timeout, full.Health.Retries, full.Ready.Check.Interval, full.Ready.Timeout); got != "30s 5s 3 500ms 1m0s" {
		t.Errorf("defaults: %s", got)
	}
}
