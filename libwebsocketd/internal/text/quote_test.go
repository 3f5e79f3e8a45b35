package text

import (
	"strings"
	"testing"
)

func TestPrintable(t *testing.T) {
	long := strings.Repeat("a", MaxQuote)
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"http://a.com", "http://a.com"},
		{"a\r\nSet-Cookie: x", `a\r\nSet-Cookie: x`},
		{"\x1b[31m\x00\x7f", `\x1b[31m\x00\x7f`},
		{"bücher", `b\u00fccher`},
		{"\xff", `\xff`},
		{`a"\`, `a\"\\`},
		{long, long},
		{long + "a", long + "..."},
		{strings.Repeat("\x01", MaxQuote), strings.Repeat(`\x01`, MaxQuote/4) + "..."},
	} {
		if got := Printable(c.in); got != c.want {
			t.Errorf("Printable(%q) = %q, want %q", c.in, got, c.want)
		}
		if got := Quote(c.in); got != `"`+c.want+`"` {
			t.Errorf("Quote(%q) = %q", c.in, got)
		}
	}
}
