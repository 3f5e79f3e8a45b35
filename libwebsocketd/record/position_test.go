package record

import (
	"strings"
	"testing"
)

var positions = []struct {
	text string
	want Position // zero: refused
}{
	{"a:0", Position{"a", 0}},
	{"Ab_-9:1", Position{"Ab_-9", 1}},
	{"a:18446744073709551615", Position{"a", 1<<64 - 1}},
	{strings.Repeat("x", 64) + ":7", Position{strings.Repeat("x", 64), 7}},
	{strings.Repeat("x", 65) + ":7", Position{}},
	{"", Position{}},
	{":", Position{}},
	{"a", Position{}},
	{"a:", Position{}},
	{":1", Position{}},
	{"a:b:1", Position{}},
	{"a:1:", Position{}},
	{"a:+1", Position{}},
	{"a:-1", Position{}},
	{"a:-0", Position{}},
	{"a: 1", Position{}},
	{" a:1", Position{}},
	{"a:1 ", Position{}},
	{"a:1\n", Position{}},
	{"a:01", Position{}},
	{"a:00", Position{}},
	{"a:0x1", Position{}},
	{"a:1_0", Position{}},
	{"a:1.0", Position{}},
	{"a:18446744073709551616", Position{}},
	{"a:99999999999999999999999999", Position{}},
	{"a\x00:1", Position{}},
	{"ä:1", Position{}},
	{"a:١", Position{}},
	{"a%3A1", Position{}},
}

func TestParsePosition(t *testing.T) {
	for _, test := range positions {
		got, err := ParsePosition(test.text)
		if got != test.want || (err == nil) != (test.want != Position{}) {
			t.Errorf("ParsePosition(%q) = %+v, %v; want %+v", test.text, got, err, test.want)
		}
		if err != nil && len(err.Error()) > 1000 {
			t.Errorf("the error about %q is %d bytes long", test.text, len(err.Error()))
		}
	}
}

func FuzzParsePosition(f *testing.F) {
	for _, test := range positions {
		f.Add(test.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePosition(text)
		switch {
		case err != nil && p != Position{}:
			t.Errorf("%q: %+v and %v", text, p, err)
		case err == nil && p.String() != text:
			t.Errorf("%q comes back as %q", text, p)
		}
		for _, epoch := range []string{p.Epoch, New[int](Limits{}).Epoch()} {
			q := Position{epoch, p.Number}
			if back, err := ParsePosition(q.String()); epoch != "" && (back != q || err != nil) {
				t.Errorf("%+v comes back as %+v, %v", q, back, err)
			}
		}
	})
}

func TestEpoch(t *testing.T) {
	seen := make(map[string]bool)
	for range 1000 {
		epoch := New[int](Limits{}).Epoch()
		if seen[epoch] || len(epoch) != epochSize || !isEpoch(epoch) {
			t.Fatalf("epoch %q after %d others", epoch, len(seen))
		}
		seen[epoch] = true
	}
}
