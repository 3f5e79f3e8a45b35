package gate

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestRefusalIsAnError(t *testing.T) {
	var err error = &Refusal{Status: 403, Reason: "Origin x is not allowed here"}
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Status != 403 {
		t.Errorf("errors.As found %v", refusal)
	}
	if err.Error() != "Origin x is not allowed here" {
		t.Errorf("Error() = %q", err.Error())
	}
}

func TestEntriesAreTrimmedAndBlanksDropped(t *testing.T) {
	got := entries([]string{" a.com", "", "\tb.com ", "  "})
	if want := []string{"a.com", "b.com"}; !slices.Equal(got, want) {
		t.Errorf("entries = %q, want %q", got, want)
	}
	if got := entries(nil); len(got) != 0 {
		t.Errorf("entries(nil) = %q", got)
	}
}

func TestPrintable(t *testing.T) {
	long := strings.Repeat("a", longestQuote)
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
		{strings.Repeat("\x01", longestQuote), strings.Repeat(`\x01`, longestQuote/4) + "..."},
	} {
		if got := printable(c.in); got != c.want {
			t.Errorf("printable(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}
