package ctl

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]Address{
		"unix:/run/x.sock": {Socket: "/run/x.sock"}, "unix:@name": {Socket: "@name"},
		"9615": {URL: "http://localhost:9615"}, ":9615": {URL: "http://localhost:9615"}, "127.0.0.1:9615": {URL: "http://127.0.0.1:9615"},
		"[::1]:9615": {URL: "http://[::1]:9615"}, "0.0.0.0:1": {URL: "http://localhost:1"}, "[::]:1": {URL: "http://localhost:1"}, "host:1": {URL: "http://host:1"},
		"http://host:1/": {URL: "http://host:1"}, "https://host/a/": {URL: "https://host/a"}, "http://h:1/#token=abc": {URL: "http://h:1", Token: "abc"},
	} {
		if got, err := ParseAddress(text); got != want || err != nil {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"": "must be a port", "unix:": "has no path", "/run/x": "is a path: write unix:/run/x", "./x": "write unix:./x", "host": "must be a port",
		"host:0": "must be a port", "host:99999": "must be a port", "a/b:1": "must be a port", "ws://h": "must begin with http://", "http://": "must be a port",
		"http://u@h": "must be a port", "http://h?x": "must be a port", "http://h/#x": "no token", "http://h/#token=": "no token", "http://h/#token=a%20b": "no token",
	} {
		if got, err := ParseAddress(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v, want %s", text, got, err, want)
		}
	}
}

// listen listens on a socket of a time.
func listen(t *testing.T, path string, made time.Time) net.Listener {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if err := os.Chtimes(path, made, made); err != nil {
		t.Fatal(err)
	}
	return l
}

// TestNewest: of the sockets on which somebody listens the newest counts, and after one that is
// gone only that one and newer ones.
func TestNewest(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	at := func(name string) string { return filepath.Join(dir, name) }
	if _, err := newest([]string{dir, "/no/such"}, nil); err == nil || !strings.Contains(err.Error(), "start one with --admin") || !strings.Contains(err.Error(), dir) {
		t.Error(err)
	}
	listen(t, at("1.sock"), now.Add(-time.Hour))
	listen(t, at("2.sock"), now.Add(-time.Minute))
	dead := listen(t, at("3.sock"), now).(*net.UnixListener)
	dead.SetUnlinkOnClose(false)
	dead.Close()
	listen(t, at("4.sock.lock"), now)
	if err := os.WriteFile(at("5.sock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(at("1.sock"), at("6.sock")); err != nil {
		t.Fatal(err)
	}
	found, err := newest([]string{"/no/such", dir}, nil)
	if err != nil || found.socket.path != at("2.sock") || len(found.others) != 1 {
		t.Errorf("%+v, %v", found, err)
	}
	if want := "2 servers of this user run, and this is the newest one, unix:" + at("2.sock") + " (pid 2); for another write --admin=unix:" + at("1.sock") + " (pid 1)"; found.String() != want {
		t.Errorf("%s, want %s", found, want)
	}
	found.others = slices.Repeat(found.others, 8)
	if got := found.String(); strings.Count(got, "--admin=") != mostNamed || !strings.HasSuffix(got, "(pid 1), or one of 3 more in "+dir) {
		t.Error(got)
	}
	old := socket{at("gone.sock"), now.Add(-30 * time.Minute)}
	if found, err = newest([]string{dir}, &old); err != nil || found.socket.path != at("2.sock") {
		t.Errorf("%+v, %v", found, err)
	}
	old.made = now
	if found, err = newest([]string{dir}, &old); err == nil {
		t.Errorf("an older server: %+v", found)
	}
}

// TestNotOurs: a directory that others can write to, or that belongs to another user, is not
// used, nor is a socket of another user.
func TestNotOurs(t *testing.T) {
	const nobody = 65534
	for name, spoil := range map[string]func(dir, socket string) error{
		"is open to other users":  func(dir, _ string) error { return os.Chmod(dir, 0o755) },
		"belongs to another user": func(dir, _ string) error { return os.Chown(dir, nobody, -1) },
		"there is none in":        func(_, socket string) error { return os.Lchown(socket, nobody, -1) },
		"is no directory":         func(dir, _ string) error { return os.Rename(dir, dir+"2") },
	} {
		dir := filepath.Join(t.TempDir(), "d")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "1.sock")
		listen(t, path, time.Now())
		if _, err := newest([]string{dir}, nil); err != nil {
			t.Fatal(err)
		}
		err := spoil(dir, path)
		if os.IsPermission(err) {
			continue // only root gives files away
		}
		if name == "is no directory" && err == nil {
			err = os.Symlink(dir+"2", dir)
		}
		if err != nil {
			t.Fatal(err)
		}
		if found, err := newest([]string{dir}, nil); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %+v, %v", name, found, err)
		}
	}
}

// TestRefused: the server's sentence is said, and what there is to do.
func TestRefused(t *testing.T) {
	f := newFake(t)
	f.token = "secret"
	runs(t, f.options("list"), "", 1, "", "websocketd ctl: the token is not right; --admintokenfile=FILE names a file with the token, WEBSOCKETD_ADMINTOKEN is the token, and --admin=URL takes the URL that the log of the server has, with the token\n")
	o := f.options("info")
	o.JSON, o.Token = true, func() (string, error) { return "secret", nil }
	runs(t, o, "", 0, "{}\n", "")
	for answer, want := range map[string]string{
		"":                "the server answers 418 I'm a teapot: is this a management listener, as --admin of a server makes it?",
		"<html>":          "the server answers 418 I'm a teapot: is this a management listener, as --admin of a server makes it?",
		"no\x1b[2J\nmore": `no\x1b[2J`, `{"error":"no\nsuch"}`: "no",
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			w.Write([]byte(answer))
		}))
		runs(t, Options{Verb: "list", Address: Address{URL: s.URL}}, "", 1, "", "websocketd ctl: "+want+"\n")
		s.Close()
	}
}

// TestNoServer: one sentence with the way out.
func TestNoServer(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		o    Options
		want string
	}{
		{Options{Address: Address{Socket: dir + "/x"}}, "there is no socket unix:" + dir + "/x: start the server with --admin=unix:" + dir + "/x"},
		{Options{Address: Address{URL: "http://127.0.0.1:1"}}, "nothing listens at http://127.0.0.1:1: start a server with --admin=127.0.0.1:1"},
		{Options{Dirs: []string{dir + "/no"}}, "no server of this user has a management listener: start one with --admin, as in websocketd --admin --port=8080 COMMAND, or name one by --admin=ADDR; there is none in " + dir + "/no"},
	} {
		test.o.Verb = "list"
		runs(t, test.o, "", 1, "", "websocketd ctl: "+test.want+"\n")
	}
}

// TestTokenOverUnix: a socket is shown no token.
func TestTokenOverUnix(t *testing.T) {
	shown := make(chan string, 1)
	l := listen(t, filepath.Join(t.TempDir(), "s"), time.Now())
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown <- r.Header.Get("Authorization")
		w.Write([]byte("{}"))
	})}
	defer s.Close()
	go s.Serve(l)
	o := Options{Verb: "info", JSON: true, Address: Address{Socket: l.Addr().String()}, Token: func() (string, error) { return "secret", nil }}
	runs(t, o, "", 0, "{}\n", "")
	if token := <-shown; token != "" {
		t.Errorf("the token was shown: %s", token)
	}
}

// TestAskedAgain: a server that another one is just replacing is asked once more.
func TestAskedAgain(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 1 {
			w.Header().Set("Retry-After", "1")
			refuse(w, http.StatusServiceUnavailable, "a new server goes on")
			return
		}
		w.Write([]byte("{}"))
	}))
	defer s.Close()
	runs(t, Options{Verb: "info", JSON: true, Address: Address{URL: s.URL}}, "", 0, "{}\n", "")
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}
