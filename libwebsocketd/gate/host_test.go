package gate

import (
	"net/http"
	"strings"
	"testing"
)

// TestHosts lists, for each way of starting a server, which Host comes in.
func TestHosts(t *testing.T) {
	const loopback = "127.0.0.1,::1"
	for _, c := range []struct {
		name                  string
		bound, hosts, origins string
		in, out               string // separated by blanks; - is the empty Host
	}{
		{
			name: "default bind", bound: loopback,
			in: "localhost localhost:8080 LocalHost localhost. LOCALHOST.:80 localhost: 127.0.0.1 127.0.0.1:1 127.0.0.1. " +
				"127.255.0.9 [::1] [::1]:80 ::1 [0:0:0:0:0:0:0:1] [0::1]:9 [::ffff:127.0.0.1] -",
			out: "evil.example evil.example:80 localhost.evil.example evil.localhost a.localhost localhost.. localhos localhost-x " +
				"localhost.localdomain 0.0.0.0 126.0.0.1 128.0.0.1 10.0.0.1 127.1 0x7f.0.0.1 2130706433 127.0.0.01 127.0.0.1.evil.example " +
				"[::] [::2] :: ::1:80 [2001:db8::1] [::ffff:10.0.0.1]",
		},
		{
			name: "garbage and user-info", bound: loopback,
			out: "u@localhost u:p@localhost localhost@ @ @localhost localhost/ localhost/x /localhost http://localhost localhost? localhost#x " +
				"localhost:80:80 localhost:x localhost:-1 localhost:+1 : :80 . .. localhost,evil.example local\x00host localhost\x7f " +
				"löcalhost [::1 ::1] [::1]x [::1]80 [localhost] [127.0.0.1] [::1%lo] [::1%25lo] [] * null %6cocalhost local\thost \u212Aelvin",
		},
		{name: "only IPv4 loopback", bound: "127.0.0.1", in: "localhost 127.0.0.1 [::1] 127.0.0.2", out: "evil.example"},
		{name: "only IPv6 loopback in brackets", bound: "[::1]", in: "localhost [::1] 127.0.0.1", out: "evil.example"},
		{name: "bound by the name", bound: " LocalHost. ", in: "localhost 127.0.0.1", out: "evil.example"},
		{name: "another loopback address", bound: "127.9.9.9", in: "127.9.9.9 localhost", out: "evil.example"},
		{name: "loopback in IPv6 clothes", bound: "::ffff:127.0.0.1", in: "localhost [::ffff:127.0.0.1]", out: "evil.example"},
		{name: "loopback with a zone", bound: "[::1%lo]", in: "localhost [::1]", out: "evil.example"},
		{name: "no bound is the default bind", in: "localhost [::1] -", out: "evil.example 10.0.0.1"},
		{
			name: "--host on loopback", bound: loopback, hosts: "App.Test, b.test:99 ,,2001:db8::1,[::2],c.test.",
			in:  "app.test APP.TEST:3000 app.test. b.test b.test:1 c.test [2001:DB8::1]:80 [::2] ::2 localhost 127.0.0.1 -",
			out: "evil.example x.app.test app.test.evil.example u@app.test app.test.. 10.0.0.1",
		},
		{name: "--host=* opens", bound: loopback, hosts: "*", in: "evil.example u@x : [ * 10.0.0.1 -"},
		{name: "--host=* among others", bound: loopback, hosts: "a.com, * ", in: "evil.example u@x a.com"},
		{name: "names below one", bound: loopback, hosts: "*.a.com", origins: "https://*.b.com:8443/", in: "localhost x.a.com y.X.A.com.:80 x.b.com", out: "a.com xa.com .a.com *.a.com b.com x.a.com.evil.example"},
		{name: "no pattern", bound: loopback, hosts: "*a.com,x.*.com,*.127.0.0.1,a*", in: "localhost", out: "xa.com x.b.com x.127.0.0.1 a.com"},
		{name: "blank --host", bound: loopback, hosts: " , ", in: "localhost", out: "evil.example"},
		{
			name: "--origin on loopback", bound: loopback, origins: "https://A.com:8443, b.com,c.com:80,file://,null,[2001:db8::1]:80,://d.com,http://e.com/",
			in:  "a.com a.com:1 b.com B.COM. c.com [2001:db8::1] localhost e.com",
			out: "evil.example x.a.com null file d.com x.e.com",
		},
		{name: "--origin=* does not open", bound: loopback, origins: "*", in: "localhost", out: "evil.example *"},
		{name: "every address", bound: "0.0.0.0", in: "evil.example u@x : localhost 10.0.0.1 -"},
		{name: "every address, IPv6", bound: "::", in: "evil.example"},
		{name: "every address, unnamed", bound: " ", in: "evil.example"},
		{name: "an outer address", bound: "10.0.0.1", in: "evil.example u@x"},
		{name: "an outer name", bound: "example.com", in: "evil.example"},
		{name: "outer and loopback", bound: "127.0.0.1,10.0.0.1", in: "evil.example"},
		{name: "blank --host, every address", bound: "0.0.0.0", hosts: " ", in: "evil.example"},
		{name: "--origin, every address", bound: "0.0.0.0", origins: "a.com", in: "evil.example"},
		{
			name: "--host, every address", bound: "0.0.0.0", hosts: "a.com", origins: "b.com",
			in:  "a.com b.com 10.0.0.1 1.2.3.4:5 [2001:db8::1] ::1 127.0.0.1 localhost 0.0.0.0 -",
			out: "evil.example 1.2.3 1.2.3.4.5 1.2.3.256 01.2.3.4 u@a.com",
		},
		{name: "--host, every IPv6 address", bound: "[0::0]", hosts: "a.com", in: "a.com 10.0.0.1 [::]", out: "evil.example"},
		{
			name: "--host, an outer address", bound: "10.0.0.1,[2001:DB8::1],fe80::1%eth0", hosts: "a.com",
			in: "a.com 10.0.0.1:80 [2001:db8::1] [fe80::1]", out: "evil.example 10.0.0.2 localhost 127.0.0.1 [::1] [fe80::1%eth0]",
		},
		{
			name: "--host, an outer name", bound: "Example.com.", hosts: "a.com",
			in: "a.com example.com EXAMPLE.COM.:80", out: "www.example.com 93.184.216.34 localhost",
		},
		{
			name: "--host, outer and loopback", bound: "127.0.0.1,10.0.0.1", hosts: "a.com",
			in: "a.com localhost [::1] 10.0.0.1", out: "10.0.0.2 evil.example",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := NewHosts(listed(c.bound), listed(c.hosts), listed(c.origins))
			for host := range strings.SplitSeq(c.in, " ") {
				if r := checkHost(h, host); r != nil {
					t.Errorf("Host %q refused: %s", host, r.Reason)
				}
			}
			if c.out == "" {
				return
			}
			for host := range strings.SplitSeq(c.out, " ") {
				if checkHost(h, host) == nil {
					t.Errorf("Host %q let in", host)
				}
			}
		})
	}
}

func checkHost(h *Hosts, host string) *Refusal {
	if host == "-" {
		host = ""
	}
	return h.Check(&http.Request{Host: host})
}

func TestHostRefusal(t *testing.T) {
	h := NewHosts([]string{"127.0.0.1"}, nil, nil)
	for host, want := range map[string]string{
		"evil.example":     "Host evil.example is not a name of this server: start the server with --host=evil.example to allow it",
		"Evil.example:80":  "Host Evil.example:80 is not a name of this server: start the server with --host=evil.example to allow it",
		"[2001:DB8::1]:80": "Host [2001:DB8::1]:80 is not a name of this server: start the server with --host=[2001:db8::1] to allow it",
		"u@localhost":      "Host u@localhost is not a host name: start the server with --host=* to allow it",
		"a\r\nb":           `Host a\r\nb is not a host name: start the server with --host=* to allow it`,
	} {
		r := checkHost(h, host)
		if r == nil || r.Status != 421 || r.Reason != want || r.RetryAfter != 0 {
			t.Errorf("Host %q: %+v, want 421 %s", host, r, want)
		}
	}
	if r := checkHost(h, strings.Repeat("a", 1<<20)); r == nil || len(r.Reason) > 400 {
		t.Errorf("an endless Host: %.500v", r)
	}
}

func TestZeroHostsLetNothingIn(t *testing.T) {
	var h Hosts
	for _, host := range []string{"localhost", "127.0.0.1", "a.com"} {
		if checkHost(&h, host) == nil {
			t.Errorf("Host %s let in", host)
		}
	}
}
