package control

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// strange returns a request whose path, host, user and headers nobody has seen before; every
// part of it has the mark. Some are for programs.
func strange(random *rand.Rand, mark string, n int) harness.Request {
	word := func() string { return fmt.Sprintf("%s-%d-%x", mark, n, random.Uint64()) }
	paths := []string{"/" + word(), "/a/" + word(), "/a?" + word() + "=1", "/b/" + word() + "/..%2f", "/" + word() + ".sh", "//" + word()}
	r := harness.Get(paths[random.IntN(len(paths))])
	if random.IntN(2) == 0 {
		r = harness.Handshake(paths[random.IntN(len(paths))])
	}
	if random.IntN(3) == 0 {
		r = r.Host(word() + ".example")
	}
	user := base64.StdEncoding.EncodeToString([]byte(word() + ":" + word()))
	return r.Add("Authorization", "Basic "+user).Add("User-Agent", word()).Add("Sec-WebSocket-Protocol", word())
}

// Ten thousand requests of which none is like another make no series of their own, and
// nothing of them is in any.
func TestSeriesAreBounded(t *testing.T) {
	t.Parallel()
	const requests, mark = 10_000, "stranger"
	dir := harness.Scripts(t, map[string]string{"a": "echo a", "b": "echo b"})
	s := operate(t, harness.Options{Args: []string{"--dir=" + dir}})
	var asking sync.WaitGroup
	for part := range 4 {
		asking.Go(func() {
			random := rand.New(rand.NewPCG(uint64(part), 1))
			for n := part; n < requests; n += 4 {
				c := s.Ask(t, strange(random, mark, n))
				c.Reset() // so that no port stays behind
			}
		})
	}
	asking.Wait()
	now := s.scrape(t)
	known := []string{"program", "direction", "code", "status", "le", "quantile", "version", "goversion"}
	series := 0
	for name, family := range now {
		for _, m := range family.Metric {
			series++
			for _, l := range m.Label {
				if !slices.Contains(known, l.GetName()) || strings.Contains(l.GetValue(), mark) {
					t.Errorf("%s has %s=%q", name, l.GetName(), l.GetValue())
				}
				if l.GetName() == "program" && !strings.HasSuffix(dir, "/"+l.GetValue()) {
					t.Errorf("%s is of the program %q, not of the directory", name, l.GetValue())
				}
			}
		}
	}
	if most := 150; series > most {
		t.Errorf("%d series, more than %d", series, most)
	}
	refused, served := now.of("requests_refused_total"), now.of("connections_total")
	if refused < requests/4 || served < requests/50 {
		t.Errorf("%v requests were refused and %v served: they are not what the test is about", refused, served)
	}
	harness.Measured(t, "%d series after %d requests, of which %v were refused and %v served", series, requests, refused, served)
}

// Health and readiness need no token, metrics and profiles do, and profiles a flag besides.
func TestHealthNeedsNoToken(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{nil, {"--adminpprof"}} {
		admin := fmt.Sprintf("127.0.0.1:%d", harness.FreePort(t))
		s := operated{harness.Options{
			Bin: harness.Binary(t), Args: append(append([]string{"--admin=" + admin}, flags...), "cat"), Env: []string{"XDG_RUNTIME_DIR=" + t.TempDir()},
		}.Start(t), admin, harness.HTTPClient(t)}
		_, token, _ := strings.Cut(s.Out.Await(t, "Managed by its operator"), "#token=")
		for path, open := range map[string]bool{
			"/healthz": true, "/readyz": true, "/metrics": false, "/debug/pprof/": false, "/debug/pprof/heap": false, "/debug/pprof/cmdline": false,
		} {
			want := map[bool]int{true: 200, false: 401}[open]
			if status, body := s.get(t, path); status != want {
				t.Errorf("%s without a token: %d %s", path, status, body)
			}
			r, _ := http.NewRequest("GET", "http://"+admin+path, nil)
			r.Header.Set("X-API-Key", token)
			answer, err := s.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			want = 200
			if strings.HasPrefix(path, "/debug") && flags == nil {
				want = 404
			}
			if answer.StatusCode != want {
				t.Errorf("%s with the token: %s", path, answer.Status)
			}
		}
	}
}

// A server with an operator's listener ends as fast as one without.
func TestEndsAtOnce(t *testing.T) {
	t.Parallel()
	s := operate(t, harness.Options{Args: []string{"cat"}})
	s.get(t, "/healthz")
	s.Signal(t, syscall.SIGTERM)
	if !harness.Within(4*time.Second, s.Exited) { // the guardian would wait five for a lock
		t.Error("it takes more than four seconds")
	}
}

// A server that goes away is healthy, and not ready: it says so as long as its programs take.
func TestReadiness(t *testing.T) {
	t.Parallel()
	s := operate(t, harness.Options{Args: []string{"--closems=600000", "sh", "-c", `trap "" TERM INT HUP; echo up; while :; do read x; sleep 1; done`}})
	s.Connect(t).Expect(t, "up")
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		if status, body := s.get(t, path); status != 200 || body != want {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
	s.Signal(t, syscall.SIGTERM)
	harness.Until(t, "it is not ready", func() bool {
		status, body := s.get(t, "/readyz")
		return status == 503 && body == "going away\n"
	})
	if status, _ := s.get(t, "/healthz"); status != 200 {
		t.Errorf("health: %d", status)
	}
	if status, _ := s.get(t, "/metrics"); status != 200 {
		t.Errorf("metrics: %d", status)
	}
	for _, pid := range s.Children() {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}
