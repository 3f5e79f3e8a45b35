package beside

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// startRedirect runs a server with a redirect, and returns both of its faces when
// both listen.
func startRedirect(t *testing.T, args ...string) (main, second *harness.Server) {
	t.Helper()
	port := harness.FreePort(t)
	main = start(t, append([]string{fmt.Sprintf("--redirport=%d", port)}, args...)...)
	main.Out.Await(t, "Starting redirect server")
	return main, at(main, port)
}

func TestRedirect(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	for scheme, flags := range map[string][]string{"http": nil, "https": ca.serve(t, "localhost")} {
		main, second := startRedirect(t, append(flags, "--host=www.example.com,[2001:db8::1]", "cat")...)
		main.Out.Await(t, "| INFO", "| server", fmt.Sprintf("Starting redirect server    : http://%s/", second.Addr))
		port := fmt.Sprintf(":%d", main.Port)
		for _, test := range []struct{ host, target, want string }{
			{"localhost", "/", "localhost" + port + "/"},
			{"localhost:1", "/a/b?x=1&y=%20", "localhost" + port + "/a/b?x=1&y=%20"},
			{"LOCALHOST:99999", "/", "localhost" + port + "/"},
			{"127.0.0.1", "/a%2fb%20c?", "127.0.0.1" + port + "/a%2fb%20c?"},
			{"[::1]", "/", "[::1]" + port + "/"},
			{"[::1]:80", "/x", "[::1]" + port + "/x"},
			{"[2001:db8::1]", "/x", "[2001:db8::1]" + port + "/x"},
			{"www.example.com", "/%e4%b8?%zz", "www.example.com" + port + "/%e4%b8?%zz"},
			{"www.example.com", "//evil.example/x", "www.example.com" + port + "//evil.example/x"},
			{"www.example.com", "/a/../b/./c//d", "www.example.com" + port + "/a/../b/./c//d"},
			{"www.example.com", `/\evil.example"'<>`, "www.example.com" + port},
			{"localhost", "http://localhost/abs?x", "localhost" + port + "/abs?x"},
			{"localhost", "/" + strings.Repeat("x", 9000), "localhost" + port + "/" + strings.Repeat("x", 9000)},
		} {
			c := second.Ask(t, harness.Get(test.target).Host(test.host))
			got := c.Header("Location")
			if c.Status() != 301 || got != scheme+"://"+test.want && !(strings.Contains(test.target, `\`) && strings.HasPrefix(got, scheme+"://"+test.want+"/")) {
				t.Errorf("%s %.100s: %d to %.200q, expected %.200q", test.host, test.target, c.Status(), got, scheme+"://"+test.want)
			}
		}
	}
}

// Whatever the method: 301 with the same path.
func TestRedirectMethods(t *testing.T) {
	t.Parallel()
	main, second := startRedirect(t, "cat")
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"} {
		w := dial(t, second)
		body := ""
		if method == "POST" || method == "PUT" {
			body = "body"
		}
		w.send(request(method, "/x?y", body))
		resp := w.head(method)
		if got := resp.Header.Get("Location"); resp.StatusCode != 301 || got != fmt.Sprintf("http://localhost:%d/x?y", main.Port) {
			t.Errorf("%s: %d to %q", method, resp.StatusCode, got)
		}
	}
	for text, want := range map[string]string{
		"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n":               fmt.Sprintf("http://localhost:%d/", main.Port),
		"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n": fmt.Sprintf("http://localhost:%d/", main.Port),
		harness.Handshake("/ws?a").String():                           fmt.Sprintf("http://localhost:%d/ws?a", main.Port),
	} {
		w := dial(t, second)
		w.send(text)
		if resp := w.head("HEAD"); resp.StatusCode != 301 || resp.Header.Get("Location") != want {
			t.Errorf("%.20q: %d to %q", text, resp.StatusCode, resp.Header.Get("Location"))
		}
	}
	if len(main.Children()) > 0 {
		t.Error("a program was started")
	}
}

// The redirect leads nowhere but to our own hosts.
func TestRedirectHosts(t *testing.T) {
	t.Parallel()
	_, second := startRedirect(t, "--header=X-Custom: yes", "cat")
	for _, host := range []string{"evil.example", "localhost.evil.example", "evil.example:80", "localhost@evil.example", "2130706433", "[::2]", "192.0.2.1", "x y", "localhost/x", "a:b:c"} {
		c := second.Ask(t, harness.Get("/").Host(host))
		if (c.Status() != 421 && c.Status() != 400) || c.Header("Location") != "" {
			t.Errorf("Host %s: %d to %q", host, c.Status(), c.Header("Location"))
		}
	}
	for text, want := range map[string]int{
		"GET / HTTP/1.1\r\n\r\n":                                       400,
		"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n":                 400,
		"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n": 421,
	} {
		w := dial(t, second)
		w.send(text)
		if resp := w.head("GET"); resp.StatusCode != want || resp.Header.Get("Location") != "" {
			t.Errorf("%q: %d to %q, expected %d", text, resp.StatusCode, resp.Header.Get("Location"), want)
		}
	}
	w := dial(t, second)
	w.send("GET /x HTTP/1.0\r\n\r\n") // HTTP/1.0 needs no Host, a redirect does
	if resp := w.head("GET"); resp.StatusCode != 400 && resp.StatusCode != 421 || resp.Header.Get("Location") != "" {
		t.Errorf("without a Host: %d to %q", resp.StatusCode, resp.Header.Get("Location"))
	}
	if c := second.Ask(t, harness.Get("/")); c.Status() != 301 || c.Header("X-Custom") != "" {
		t.Errorf("%d, X-Custom %q", c.Status(), c.Header("X-Custom"))
	}
}

// The redirect follows the addresses, IPv6 ones too.
func TestRedirectAddresses(t *testing.T) {
	t.Parallel()
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Logf("no IPv6 here: %v", err)
		return
	} else {
		l.Close()
	}
	port, second := harness.FreePort(t), harness.FreePort(t)
	for _, address := range []string{"[::1]", "::1"} {
		s := harness.Options{Bin: harness.Binary(t), Bare: true, Args: []string{"--passenv=PATH,WSD_MARK", "--address=" + address,
			"--address=127.0.0.1", fmt.Sprintf("--port=%d", port), fmt.Sprintf("--redirport=%d", second), "cat"}, Port: port}.Start(t)
		for _, host := range []string{"[::1]", "127.0.0.1"} {
			s.Out.Await(t, fmt.Sprintf("Starting WebSocket server   : ws://%s:%d/", host, port))
			s.Out.Await(t, fmt.Sprintf("Starting redirect server    : http://%s:%d/", host, second))
			a := get(t, &harness.Server{Addr: fmt.Sprintf("%s:%d", host, second)}, "/x?y")
			a.has(t, "Location", fmt.Sprintf("http://%s:%d/x?y", host, port))
		}
		s.Signal(t, 15)
		s.Wait(t)
	}
}

// A busy port of the redirect stops the start.
func TestRedirectBusyPort(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := harness.Options{Bin: harness.Binary(t), Args: []string{fmt.Sprintf("--redirport=%d", l.Addr().(*net.TCPAddr).Port), "cat"}}.Launch(t)
	if status := s.Wait(t); status != 3 || !s.Out.Has("Can't start server: ") {
		t.Errorf("exit status %d: %s", status, s.Out)
	}
}
