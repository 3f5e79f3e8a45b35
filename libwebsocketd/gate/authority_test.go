package gate

import (
	"strings"
	"testing"
)

func TestParseAuthority(t *testing.T) {
	name253 := strings.Repeat("a", longestName)
	for _, c := range []struct {
		in   string
		want authority
		ok   bool
	}{
		{"a.com", authority{"a.com", "", false}, true},
		{"A.Com:8080", authority{"a.com", "8080", true}, true},
		{"a.com:", authority{"a.com", "", true}, true},
		{"a.com.", authority{"a.com.", "", false}, true},
		{"a.com..", authority{"a.com..", "", false}, true},
		{"my_host-1", authority{"my_host-1", "", false}, true},
		{"127.0.0.1:80", authority{"127.0.0.1", "80", true}, true},
		{"[::1]", authority{"::1", "", false}, true},
		{"[::1]:80", authority{"::1", "80", true}, true},
		{"[::1]:", authority{"::1", "", true}, true},
		{"[0:0:0:0:0:0:0:1]", authority{"::1", "", false}, true},
		{"[2001:DB8::A]", authority{"2001:db8::a", "", false}, true},
		{"[::ffff:1.2.3.4]", authority{"::ffff:1.2.3.4", "", false}, true},
		{name253, authority{name253, "", false}, true},
		{name253 + ".", authority{name253 + ".", "", false}, true},
		{in: name253 + "a"},
		{in: ""},
		{in: "."},
		{in: ":80"},
		{in: "a.com:80:80"},
		{in: "a.com:x"},
		{in: "a.com:-1"},
		{in: "a.com:８０"}, // digits, but not ASCII ones
		{in: "u@a.com"},
		{in: "a.com/"},
		{in: "a com"},
		{in: "a\x00b"},
		{in: "a,b"},
		{in: "a~b"},
		{in: "*"},
		{in: "bücher.de"},
		{in: "\u212Aelvin"}, // the Kelvin sign folds to k outside ASCII
		{in: "a%2ecom"},
		{in: "::1"},
		{in: "[::1"},
		{in: "["},
		{in: "[]"},
		{in: "[::1]x"},
		{in: "[::1]80"},
		{in: "[::1]:x"},
		{in: "[::1]]"},
		{in: "[[::1]]"},
		{in: "[127.0.0.1]"},
		{in: "[a.com]"},
		{in: "[::1%eth0]"},
		{in: "[::1%25eth0]"},
		{in: "x[::1]"},
	} {
		if got, ok := parseAuthority(c.in); got != c.want || ok != c.ok {
			t.Errorf("parseAuthority(%q) = %+v, %v, want %+v, %v", c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestParseLoose(t *testing.T) {
	for in, want := range map[string]string{
		"::1": "::1", "0::1": "::1", "[::1]": "::1", "::1:80": "::1:80", "::": "::",
		"a.com": "a.com", "a.com:80": "a.com", "a:b:c": "", "::1]": "", ":": "", "": "",
	} {
		if got, ok := parseLoose(in); got.host != want || ok != (want != "") {
			t.Errorf("parseLoose(%q) = %+v, %v, want host %q", in, got, ok, want)
		}
	}
}

func TestAuthorityText(t *testing.T) {
	for in, want := range map[string]string{"A.com.:80": "a.com.", "[0::1]:80": "[::1]", "1.2.3.4": "1.2.3.4"} {
		if a, _ := parseAuthority(in); a.text() != want {
			t.Errorf("text of %q = %q, want %q", in, a.text(), want)
		}
	}
}
