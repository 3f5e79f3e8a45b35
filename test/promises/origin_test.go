package promises

import (
	"testing"

	"websocketd/test/harness"
)

// origins asks one server about many origins: 101 for those in yes, 403 for
// those in no. "" is no Origin header; "host|origin" sets Host too.
type origins struct {
	flags   []string
	yes, no []string
}

const here = "localhost:8080"

var originTable = []origins{
	{nil, // no flag: host names equal, any port, or no origin at all
		[]string{"", "http://localhost", "http://localhost:3000", "https://localhost:8080", "http://LOCALHOST", "http://localhost."},
		[]string{"null", "http://evil.example", "http://localhost.evil.example", "http://127.0.0.2", "file://", "a.com", "http://sub.localhost"}},
	{nil, // the loopback names are one host
		[]string{"http://127.0.0.1:8080", "http://[::1]", "127.0.0.1:8080|http://localhost:8080", "[::1]|http://127.0.0.1:3000"}, nil},
	{[]string{"--origin="}, []string{"", "http://localhost:3000"}, []string{"null", "http://evil.example"}},
	{[]string{"--origin=*"},
		[]string{"", "null", "http://a.com", "https://a.com:1", "file://", "a.com", "http://[::1]", "nonsense: x"}, nil},
	{[]string{"--origin=a.com"},
		[]string{"http://a.com", "https://a.com", "ftp://a.com", "http://a.com:8080", "http://A.COM", "http://evil@a.com"},
		[]string{"", "null", "http://sub.a.com", "http://a.com.evil.com", "http://b.com", "http://localhost:8080", "file://", "a.com"}},
	{[]string{"--origin=A.com"}, []string{"http://a.com", "http://A.com"}, nil},
	{[]string{"--origin=https://a.com"}, []string{"https://a.com", "https://a.com:443", "HTTPS://a.com"}, []string{"http://a.com"}},
	{[]string{"--origin=a.com:80"}, []string{"http://a.com", "http://a.com:80", "ftp://a.com"}, []string{"http://a.com:8080", "https://a.com"}},
	{[]string{"--origin=a.com:8080"}, []string{"http://a.com:8080", "https://a.com:8080"}, []string{"http://a.com", "https://a.com"}},
	{[]string{"--origin=b.com:3000,https://c.com, d.com:80"},
		[]string{"http://b.com:3000", "https://b.com:3000", "https://c.com", "http://d.com"},
		[]string{"http://b.com", "http://c.com", "http://d.com:81"}},
	{[]string{"--origin=null"}, []string{"null"}, []string{"", "http://null.com", "file://"}},
	{[]string{"--origin=file://"}, []string{"", "file://"}, []string{"null", "http://a.com"}},
	{[]string{"--origin=[::1]"}, []string{"http://[::1]", "http://[::1]:3000"}, []string{"http://[::2]"}},
	{[]string{"--origin=*.a.com"}, []string{"http://sub.a.com", "https://x.sub.a.com:8080"}, []string{"http://a.com", "http://xa.com", "http://sub.a.com.evil.com"}},
	{[]string{"--origin=https://*.a.com:*"}, []string{"https://sub.a.com:8443"}, []string{"http://sub.a.com", "https://a.com"}},
	{[]string{"--origin=http://a.com:3000/"}, []string{"http://a.com:3000"}, []string{"http://a.com"}},
	{[]string{"--sameorigin"},
		[]string{"http://localhost:8080", "https://localhost:8080", "http://LOCALHOST:8080", "LOCALHOST:8080|http://localhost:8080",
			"localhost|http://localhost", "http://127.0.0.1:8080", "127.0.0.1:8080|http://localhost:8080", "localhost:80|http://localhost", "localhost:443|https://localhost"},
		[]string{"", "null", "file://", "http://localhost", "http://localhost:3000", "http://evil.example:8080"}},
	{[]string{"--sameorigin", "--origin=localhost"}, []string{"http://localhost:8080"}, []string{"http://localhost:3000", ""}},
	{[]string{"--sameorigin", "--origin=a.com"}, nil, []string{"http://localhost:8080", "http://a.com"}},
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	for _, table := range originTable {
		t.Run(join(table.flags), func(t *testing.T) {
			t.Parallel()
			s := start(t, append(table.flags, "cat")...)
			for _, origin := range table.yes {
				if c := askFrom(t, s, origin); c.Status() != 101 {
					t.Errorf("Origin %q: status %d, expected 101: %s", origin, c.Status(), c.Body)
				}
			}
			for _, origin := range table.no {
				if c := askFrom(t, s, origin); c.Status() != 403 {
					t.Errorf("Origin %q: status %d, expected 403", origin, c.Status())
				}
			}
		})
	}
}

func askFrom(t *testing.T, s *harness.Server, origin string) *harness.Conn {
	t.Helper()
	host := here
	if h, o, found := cut(origin); found {
		host, origin = h, o
	}
	c := s.Ask(t, harness.Handshake("/").Host(host).Origin(origin))
	c.Conn.Close()
	return c
}

// Host: on a loopback address only loopback names, those of --host, and the
// hosts in --origin.
func TestHosts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flags   []string
		yes, no []string
	}{
		{nil, []string{"localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:8080", "localhost."},
			[]string{"evil.example", "evil.example:80", "localhost.evil.example", "10.0.0.1", "[::2]"}},
		{[]string{"--host=my.example,other.example"}, []string{"my.example", "MY.example:8080", "other.example", "localhost"}, []string{"evil.example"}},
		{[]string{"--host=*.my.example"}, []string{"a.my.example", "b.a.my.example:80"}, []string{"my.example", "evil.example"}},
		{[]string{"--host=*"}, []string{"evil.example", "anything:1"}, nil},
		{[]string{"--origin=https://my.example:3000"}, []string{"my.example", "my.example:80", "localhost"}, []string{"evil.example"}},
		{[]string{"--origin=*"}, []string{"localhost"}, []string{"evil.example"}},
	} {
		s := start(t, append(c.flags, "cat")...)
		for _, host := range c.yes {
			if got := s.Ask(t, harness.Get("/").Host(host)).Status(); got != 404 {
				t.Errorf("%q: Host %s: status %d of a plain GET, expected 404", c.flags, host, got)
			}
		}
		for _, host := range c.no {
			for _, r := range []harness.Request{harness.Get("/"), harness.Handshake("/")} {
				if got := s.Ask(t, r.Host(host)).Status(); got != 421 {
					t.Errorf("%q: Host %s: status %d, expected 421", c.flags, host, got)
				}
			}
		}
	}
}
