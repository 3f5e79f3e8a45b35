//go:build unix

package libwebsocketd

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// freePort returns a port that was free on both loopback addresses a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		l, err = net.Listen("tcp", net.JoinHostPort("::1", strconv.Itoa(port)))
		if err == nil {
			l.Close()
		}
		if err == nil || noIPv6(err) {
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// listen opens what cfg asks for, says where, and closes it again.
func listenOn(t *testing.T, cfg Config) ([]string, error) {
	t.Helper()
	listeners, err := Listen(cfg)
	var where []string
	for _, l := range listeners {
		where = append(where, l.Addr().String())
		l.Close()
	}
	return where, err
}

func hasIPv6(t *testing.T) bool {
	l, err := net.Listen("tcp", "[::1]:0")
	if err == nil {
		l.Close()
	}
	return err == nil
}

// TestListen checks where a server listens.
func TestListen(t *testing.T) {
	port := freePort(t)
	at := func(host string) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
	socket := filepath.Join(t.TempDir(), "s")
	both := []string{at("127.0.0.1"), at("::1")}
	if !hasIPv6(t) {
		both = both[:1]
	}
	for _, test := range []struct {
		name string
		cfg  Config
		want []string
	}{
		{"default", Config{Port: port}, both},
		{"one", Config{Port: port, Addresses: []string{"127.0.0.1"}}, both[:1]},
		{"two", Config{Port: port, Addresses: []string{"127.0.0.1", "127.0.0.2"}}, []string{at("127.0.0.1"), at("127.0.0.2")}},
		{"a name", Config{Port: port, Addresses: []string{"localhost"}}, []string{at("127.0.0.1")}},
		{"unix alone", Config{UnixSocket: socket}, []string{socket}},
		{"unix and a port", Config{UnixSocket: socket, Port: port}, append(slices.Clone(both), socket)},
		{"brackets", Config{Port: port, Addresses: []string{"[::1]"}}, []string{at("::1")}},
		{"no brackets", Config{Port: port, Addresses: []string{"::1"}}, []string{at("::1")}},
	} {
		if strings.Contains(test.name, "brackets") && len(both) == 1 {
			continue // a machine without IPv6
		}
		got, err := listenOn(t, test.cfg)
		if test.name == "a name" && len(got) == 1 && got[0] == at("::1") {
			continue // the resolver's choice
		}
		if !slices.Equal(got, test.want) || err != nil {
			t.Errorf("%s: %q, %v; want %q", test.name, got, err, test.want)
		}
	}
	if got := (&Config{}).port(); got != 80 {
		t.Errorf("the default port is %d", got)
	}
}

// TestListenBusy: the error names the address, and nothing stays open.
func TestListenBusy(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		if host == "::1" && !hasIPv6(t) {
			continue
		}
		port := freePort(t)
		address := net.JoinHostPort(host, strconv.Itoa(port))
		busy, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if where, err := listenOn(t, Config{Port: port}); err == nil || !strings.Contains(err.Error(), address) || len(where) > 0 {
			t.Errorf("%s is busy: %q, %v", address, where, err)
		}
		busy.Close()
		if _, err := listenOn(t, Config{Port: port}); err != nil {
			t.Errorf("something stayed open: %v", err)
		}
	}
}

// TestListenErrors checks addresses on which no server can listen.
func TestListenErrors(t *testing.T) {
	for _, cfg := range []Config{
		{Port: 99999},
		{Port: -1},
		{Port: freePort(t), Addresses: []string{"192.0.2.1"}},
		{Port: freePort(t), UnixSocket: filepath.Join(t.TempDir(), "no", "dir")},
		{UnixSocket: "/" + strings.Repeat("x", 200)},
	} {
		if where, err := listenOn(t, cfg); err == nil {
			t.Errorf("port %d, %q, %q: listens on %q", cfg.Port, cfg.Addresses, cfg.UnixSocket, where)
		}
	}
}

// TestUnixSocketFiles: a stale socket is replaced, everything else left alone.
func TestUnixSocketFiles(t *testing.T) {
	dir := t.TempDir()
	cfg := Config{UnixSocket: filepath.Join(dir, "s")}
	if _, err := listenOn(t, cfg); err != nil {
		t.Errorf("nothing there: %v", err)
	}

	live, err := net.Listen("unix", cfg.UnixSocket)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := listenOn(t, cfg); err == nil || !strings.Contains(err.Error(), "socket "+cfg.UnixSocket+" is already in use by a running server") {
		t.Errorf("a live one: %v", err)
	}
	live.(*net.UnixListener).SetUnlinkOnClose(false)
	live.Close()
	if _, err := os.Lstat(cfg.UnixSocket); err != nil {
		t.Fatal("there is no stale socket to test with")
	}
	if _, err := listenOn(t, cfg); err != nil {
		t.Errorf("a stale one: %v", err)
	}

	writeFile(t, dir, "s", "precious", 0o600)
	if where, err := listenOn(t, cfg); err == nil {
		t.Errorf("a file: listens on %q", where)
	}
	if content, err := os.ReadFile(cfg.UnixSocket); string(content) != "precious" {
		t.Errorf("a file: it is now %q, %v", content, err)
	}
	os.Remove(cfg.UnixSocket)

	if err := os.Mkdir(cfg.UnixSocket, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := listenOn(t, cfg); err == nil {
		t.Error("a directory was replaced")
	}
	os.Remove(cfg.UnixSocket)

	target := filepath.Join(dir, "target")
	writeFile(t, dir, "target", "precious", 0o600)
	if err := os.Symlink(target, cfg.UnixSocket); err != nil {
		t.Fatal(err)
	}
	if _, err := listenOn(t, cfg); err == nil {
		t.Error("a link was replaced")
	}
	if content, _ := os.ReadFile(target); string(content) != "precious" {
		t.Errorf("what the link names is now %q", content)
	}
}
