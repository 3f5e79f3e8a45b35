package gate

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

// FuzzForwarded compares Proxies with the oracle and holds it to what must be true of any
// headers.
func FuzzForwarded(f *testing.F) {
	for _, s := range forwardedSeeds {
		for _, name := range []string{"X-Forwarded-For", "Forwarded", "x-real-ip"} {
			f.Add(s.lines, s.protos, name, s.peer, s.trusted, false, s.lines == "")
			f.Add(s.lines, s.protos, name, s.peer, s.trusted+",unix", true, false)
		}
	}
	f.Fuzz(func(t *testing.T, lines, protos, name, peer, trusted string, unix, tls bool) {
		skipLong(t, lines, protos, trusted)
		p, err := NewProxies(listed(trusted), name)
		if err != nil {
			return
		}
		c := forwardedCase{p, http.CanonicalHeaderKey(orName(name)), strings.Split(lines, "\n"), strings.Split(protos, "\n"), Client{Port: "1", Unix: unix, Secure: tls}}
		if addr, err := netip.ParseAddr(peer); err == nil && !unix && addr.Zone() == "" {
			c.peer.Addr = addr.Unmap()
		} else if !unix {
			return
		}
		got := c.client(c.lines)
		bits, secure, moved, believed := oracleClient(c.header(c.lines), c.name, peer, unix, tls, listed(trusted))
		if have := addrBits(got.Addr); have != bits || got.Secure != secure || got.Trusted != believed || (got.Port == "") != moved {
			t.Errorf("%s: %q, protocols %q from %q (unix %v, TLS %v), trusted %q:\n got %+v (%s)\nwant %s secure %v moved %v believed %v",
				c.name, c.lines, c.protos, peer, unix, tls, trusted, got, have, bits, secure, moved, believed)
		}
		if p != nil {
			c.checkLaws(t, got)
		}
	})
}

func orName(name string) string {
	if name == "" {
		return DefaultForwardedHeader
	}
	return name
}

// addrBits returns an address as the oracle writes it.
func addrBits(a netip.Addr) (bits string) {
	for _, b := range a.AsSlice() {
		bits += fmt.Sprintf("%08b", b)
	}
	return bits
}

type forwardedCase struct {
	proxies       *Proxies
	name          string
	lines, protos []string
	peer          Client
}

func (c *forwardedCase) header(lines []string) http.Header {
	return http.Header{c.name: lines, "X-Forwarded-Proto": c.protos}
}

func (c *forwardedCase) client(lines []string) Client {
	return c.proxies.Client(c.header(lines), c.peer)
}

// checkLaws knows no rule of the headers, only what every such reading obeys.
func (c *forwardedCase) checkLaws(t *testing.T, got Client) {
	fail := func(law string, other any) {
		t.Errorf("%s: %s %q, protocols %q, from %+v: %+v, %+v", law, c.name, c.lines, c.protos, c.peer, got, other)
	}
	stranger := c.peer
	stranger.Unix, stranger.Addr = false, netip.MustParseAddr("203.0.113.99")
	if !c.proxies.contain(stranger.Addr) {
		if other := c.proxies.Client(c.header(c.lines), stranger); other != stranger {
			fail("a stranger is believed", other)
		}
	}
	if got.Unix != c.peer.Unix {
		fail("a socket became another", got.Unix)
	}
	if !got.Trusted || !got.Addr.IsValid() || c.proxies.contain(got.Addr) {
		return
	}
	for _, junk := range []string{"6.6.6.6", "for=6.6.6.6;proto=https", `"`, `for="`, `\`, `for="\`, ",", ";", "\x00", `x="a, b`} {
		split := append([]string{junk}, c.lines...)
		joined := append([]string{junk + ", " + c.lines[0]}, c.lines[1:]...)
		for _, lines := range [][]string{split, joined} {
			if other := c.client(lines); other != got {
				fail("what stands on the left changes the client: "+junk, other)
			}
		}
	}
}

var forwardedSeeds = []struct{ lines, protos, peer, trusted string }{
	{"", "", "10.0.0.1", "10.0.0.0/8"},
	{"", "https", "10.0.0.1", "10.0.0.0/8"},
	{"1.2.3.4", "https", "10.0.0.1", "10.0.0.0/8"},
	{"6.6.6.6, 1.2.3.4, 10.0.0.2", "https, http", "::ffff:10.0.0.1", "10.0.0.1,10.0.0.2"},
	{"1.2.3.4:80, [2001:db8::1]:443\n2001:db8::2,,", "wss\nws", "2001:db8::3", "2001:db8::/32"},
	{"unknown, 10.0.0.2", "HTTPS", "10.0.0.1", "10.0.0.0/8"},
	{"1.2.3.4, 010.0.0.2", "http", "10.0.0.1", "::ffff:10.0.0.0/104"},
	{"fe80::1%eth0", "https", "fe80::2", "fe80::/10"},
	{`for=192.0.2.60; proto=https; by=203.0.113.43`, "", "10.0.0.1", "10.0.0.1/8"},
	{`For="[2001:db8:cafe::17]:4711"`, "", "10.0.0.1", "10.0.0.0/8"},
	{`for=192.0.2.43, for="198.51.100.17:_x";PROTO=wss`, "", "10.0.0.1", "10.0.0.0/8,198.51.100.0/24"},
	{`for=_hidden;proto=https, for=unknown`, "", "10.0.0.1", "10.0.0.0/8"},
	{`for="a, for=10.0.0.9` + "\n" + `for=1.2.3.4`, "", "10.0.0.1", "10.0.0.0/8"},
	{`for="\"1.2.3.4", for="1.2.\3.4";x="a\\,\",b"`, "", "10.0.0.1", "10.0.0.0/8"},
	{`for=1.2.3.4;for=5.6.7.8`, "", "10.0.0.1", "0.0.0.0/0"},
	{`;;for=1.2.3.4;;proto=http;`, "", "10.0.0.1", "0.0.0.0/0,::/0"},
	{`for=2001:db8::1, for=[2001:db8::1]`, "", "10.0.0.1", "10.0.0.0/8"},
}
