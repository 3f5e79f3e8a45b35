package gate

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"websocketd/libwebsocketd/internal/text"
)

// FuzzOrigin compares Origins with the oracle and holds it to what must be true
// of any list of allowed origins.
func FuzzOrigin(f *testing.F) {
	for _, s := range originSeeds {
		for _, flags := range []struct{ same, secure bool }{{false, false}, {true, false}, {true, true}} {
			f.Add(s.origin, s.host, s.list, flags.same, flags.secure)
		}
	}
	f.Fuzz(func(t *testing.T, origin, host, entries string, same, secure bool) {
		skipLong(t, origin, host, entries)
		for _, o := range append(originsNear(append(listed(entries), host)), origin) {
			r := request(none, host, secure)
			if o != "" {
				r.Header.Set("Origin", o)
			}
			checkAgainstOracle(t, r, o, listed(entries), same)
			checkOriginLaws(t, r, listed(entries), same)
			checkOriginWords(t, r, listed(entries), same)
		}
	})
}

var originSeeds = []struct{ origin, host, list string }{
	{"", "a.com", ""},
	{"null", "a.com", "null"},
	{"file:///x", "a.com", "file://"},
	{"http://a.com", "A.com.:8080", ""},
	{"http://a.com.", "a.com", "a.com."},
	{"https://u:p@a.com/x?y", "a.com:443", "https://a.com:443, b.com:80"},
	{"ftp://a.com:80", "a.com", "a.com:80,*"},
	{"http://[0::1]:80", "[::1]", "[::1]:80,::1"},
	{"http://[::ffff:1.2.3.4]", "1.2.3.4", "[::ffff:102:304]"},
	{"http://null", "null", "null"},
	{"a.com", "a.com", "*.a.com,://a.com,a.com/"},
	{"http://a.com:", "a.com:", "a.com:"},
	{"file:%zz", "", "FILE://"},
	{"http://%41", "%41", "%41"},
	{"-", "-", " "},
}

// originsNear returns what an attacker would send who knows the list.
func originsNear(list []string) (near []string) {
	for _, entry := range list {
		_, place, found := strings.Cut(entry, "://")
		if !found {
			place = entry
		}
		near = append(near, entry, entry+"/", "http://x@"+place+"/", "http://["+place+"]", "http://"+place+".")
		for _, scheme := range []string{"http", "https", "wss", "httpsx"} {
			near = append(near, scheme+"://"+place, scheme+"://"+place+":80", scheme+"://"+place+":443")
		}
	}
	return near
}

func checkAgainstOracle(t *testing.T, r *http.Request, origin string, list []string, same bool) {
	got := NewOrigins(list, same).Check(r) == nil
	if want := oracleOrigin(origin, r.Host, r.TLS != nil, list, same); got != want {
		t.Errorf("Origin %q, Host %q, TLS %v, list %q, sameOrigin %v: let in %v, oracle %v",
			origin, r.Host, r.TLS != nil, list, same, got, want)
	}
}

// checkOriginLaws knows no rule of the check, only what every such check obeys.
func checkOriginLaws(t *testing.T, r *http.Request, list []string, same bool) {
	origin := r.Header.Get("Origin")
	in := NewOrigins(list, same).Check(r) == nil
	fail := func(law string) {
		t.Errorf("%s: Origin %q, Host %q, list %q, sameOrigin %v, let in %v", law, origin, r.Host, list, same, in)
	}
	flipped := r.Clone(r.Context())
	flipped.Host = flipCase(r.Host)
	if origin != "" {
		flipped.Header.Set("Origin", flipCase(origin))
	}
	if NewOrigins(flipAll(list), same).Check(flipped) == nil != in {
		fail("case changes the answer")
	}
	if len(entries(list)) == 0 {
		return
	}
	if in != (NewOrigins(list, false).Check(r) == nil && (!same || NewOrigins(nil, true).Check(r) == nil)) {
		fail("both flags are not both")
	}
	for _, more := range []string{"*", "null", "file://", "z.example", origin, r.Host} {
		if in && NewOrigins(append(slices.Clone(list), more), same).Check(r) != nil {
			fail("adding " + more + " refuses what came in")
		}
	}
	if _, err := url.ParseRequestURI(origin); in && err != nil && origin != "" &&
		!strings.EqualFold(origin, "null") && !slices.Contains(entries(list), "*") {
		fail("no URL, and yet listed")
	}
}

// checkOriginWords follows the advice of a refusal, and looks at what the log would
// have.
func checkOriginWords(t *testing.T, r *http.Request, list []string, same bool) {
	if name := Origin(r); !oneLine(name, text.MaxQuote+3) || name == "" {
		t.Errorf("Origin(%q) = %q", r.Header.Get("Origin"), name)
	}
	refusal := NewOrigins(list, same).Check(r)
	if refusal == nil {
		return
	}
	if refusal.Status != 403 || !oneLine(refusal.Reason, 700) || !strings.Contains(refusal.Reason, "--origin") {
		t.Errorf("refusal %+v", *refusal)
	}
	if list, same = follow(refusal.Reason, list, same); NewOrigins(list, same).Check(r) != nil {
		t.Errorf("the advice does not help: %s", refusal.Reason)
	}
}

// follow returns the flags after an operator did what the reason advises. What was
// sent may itself look like advice, so only the last words count.
func follow(reason string, list []string, same bool) ([]string, bool) {
	way := strings.Fields(reason[strings.LastIndex(reason, ": ")+2:])
	if way[0] == "add" {
		return append(slices.Clone(list), way[1]), same
	}
	return []string{strings.TrimPrefix(way[4], "--origin=")}, false
}

// FuzzHost compares Hosts with the oracle and holds it to what must be true of
// any list of allowed hosts.
func FuzzHost(f *testing.F) {
	for _, s := range hostSeeds {
		f.Add(s.host, s.bound, s.hosts, s.origins)
	}
	f.Fuzz(func(t *testing.T, host, bound, hosts, origins string) {
		skipLong(t, host, bound, hosts, origins)
		c := hostCase{listed(bound), listed(hosts), listed(origins)}
		for _, h := range append(hostsNear(slices.Concat(c.bound, c.hosts, c.origins)), host) {
			in := c.check(h) == nil
			if want := oracleHost(h, c.bound, c.hosts, c.origins); in != want {
				t.Errorf("Host %q, bound %q, hosts %q, origins %q: let in %v, oracle %v", h, c.bound, c.hosts, c.origins, in, want)
			}
			c.checkLaws(t, h, in)
			c.checkWords(t, h)
		}
	})
}

var hostSeeds = []struct{ host, bound, hosts, origins string }{
	{"", "127.0.0.1,::1", "", ""},
	{"LocalHost.:80", "127.0.0.1,::1", "", "https://a.com:8443"},
	{"[0::1]:80", "[::1%lo]", "", "null,file://,*"},
	{"::ffff:127.0.0.1", "::ffff:7f00:1", "a.com", ""},
	{"a.com", "0.0.0.0", " A.com. ,b.com:80", ""},
	{"1.2.3.4", "::", "a.com", ""},
	{"10.0.0.1", "10.0.0.1,127.0.0.1", "[2001:db8::1]", "[::2]:80"},
	{"u@localhost", "localhost", "*.localhost", "http://a.com/"},
	{"[::]", "::ffff:0.0.0.0", "*", ""},
	{"example.com", "Example.com", "null", ""},
}

// hostsNear returns what an attacker would send who knows the lists.
func hostsNear(list []string) (near []string) {
	for _, entry := range append(list, "localhost", "127.1.2.3", "8.8.8.8") {
		near = append(near, entry, entry+":80", entry+".", "["+entry+"]", "["+entry+"]:1", "x@"+entry, "x."+entry)
	}
	return near
}

type hostCase struct{ bound, hosts, origins []string }

func (c hostCase) check(host string) *Refusal {
	return NewHosts(c.bound, c.hosts, c.origins).Check(&http.Request{Host: host})
}

// checkLaws knows no rule of the check, only what every such check obeys.
func (c hostCase) checkLaws(t *testing.T, host string, in bool) {
	fail := func(law string) {
		t.Errorf("%s: Host %q, bound %q, hosts %q, origins %q, let in %v", law, host, c.bound, c.hosts, c.origins, in)
	}
	flipped := hostCase{flipAll(c.bound), flipAll(c.hosts), flipAll(c.origins)}
	if flipped.check(flipCase(host)) == nil != in {
		fail("case changes the answer")
	}
	for _, more := range []string{"*", "z.example", host} {
		wider := c
		wider.origins = append(slices.Clone(c.origins), more)
		if in && wider.check(host) != nil {
			fail("one more origin refuses what came in")
		}
		// The first of hosts is left out: it turns the check on.
		wider.hosts = append(slices.Clone(c.hosts), more)
		if in && len(entries(c.hosts)) > 0 && wider.check(host) != nil {
			fail("one more host refuses what came in")
		}
	}
	if strings.ContainsAny(host, "@/ \\") && in && slices.Equal(c.bound, []string{"127.0.0.1"}) && !slices.Contains(entries(c.hosts), "*") {
		fail("no host name, and yet let in")
	}
}

// checkWords follows the advice of a refusal.
func (c hostCase) checkWords(t *testing.T, host string) {
	refusal := c.check(host)
	if refusal == nil {
		return
	}
	_, advice, found := strings.Cut(refusal.Reason[strings.LastIndex(refusal.Reason, ": "):], "--host=")
	advice, _, _ = strings.Cut(advice, " ")
	if refusal.Status != 421 || !found || !oneLine(refusal.Reason, 700) {
		t.Errorf("refusal %+v", *refusal)
	}
	c.hosts = append(slices.Clone(c.hosts), advice)
	if c.check(host) != nil {
		t.Errorf("the advice does not help: %s", refusal.Reason)
	}
}

// skipLong skips inputs that only take long: every entry is tried against every
// other. The lengths that matter are in the tables.
func skipLong(t *testing.T, inputs ...string) {
	all := strings.Join(inputs, ",")
	if len(all) > 600 || strings.Count(all, ",") > 12 {
		t.Skip("long")
	}
}

// oneLine reports whether s is printable ASCII of at most a number of bytes.
func oneLine(s string, most int) bool {
	return len(s) <= most && !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c > '~' })
}

func flipAll(list []string) []string {
	flipped := slices.Clone(list)
	for i := range flipped {
		flipped[i] = flipCase(flipped[i])
	}
	return flipped
}

// flipCase turns a-z and A-Z into each other.
func flipCase(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			b[i] = c ^ 0x20
		}
	}
	return string(b)
}
