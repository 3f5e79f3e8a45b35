package text

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"websocketd/libwebsocketd/internal/testkit"
)

// replaced are ill-formed texts and what a decoder makes of them. The long ones
// are the Unicode standard's own (section 3.9, tables 3-8 to 3-11), with x for
// U+FFFD.
var replaced = []struct{ name, in, want string }{
	{"empty", "", ""},
	{"ascii", "a\x00\x7f", "a\x00\x7f"},
	{"one of each length", "$\u00a3\u20ac\U00010348", "$\u00a3\u20ac\U00010348"},
	{"edges", "\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff", "\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff"},
	{"U+FFFD itself", "\ufffd", "\ufffd"},
	{"three bytes, cut", "\xe2\x82", "x"},
	{"three bytes, cut early", "\xe2", "x"},
	{"four bytes, cut", "\xf0\x9f\x98", "x"},
	{"four bytes, cut early", "\xf0\x9f", "x"},
	{"cut, then text", "\xf0\x9f\x98a", "xa"},
	{"overlong slash", "\xc0\xaf", "xx"},
	{"overlong three", "\xe0\x80\xaf", "xxx"},
	{"overlong four", "\xf0\x80\x80\xaf", "xxxx"},
	{"surrogate", "\xed\xa0\x80", "xxx"},
	{"pair of surrogates", "\xed\xa0\xbd\xed\xb8\x80", "xxxxxx"},
	{"above U+10FFFF", "\xf4\x90\x80\x80", "xxxx"},
	{"no lead bytes", "\xf5\xff\xfe\xc1\x80\xbf", "xxxxxx"},
	{"five bytes", "\xf8\x88\x80\x80\x80", "xxxxx"},
	{"cut by another", "\xe1\x80\xe2\xf0\x91\x92\xf1\xbfA", "xxxxA"},
	{"table 3-8", "\x61\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64", "axxxbxcxxd"},
	{"table 3-9", "\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", "xxxxxxxxA"},
	{"table 3-10", "\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", "xxxxxxxxA"},
	{"table 3-11", "\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", "xxxxxAxxB"},
}

// TestValidTextVectors knows what a decoder makes of ill-formed text.
func TestValidTextVectors(t *testing.T) {
	for _, test := range replaced {
		want := test.want
		if !utf8.ValidString(test.in) {
			want = strings.ReplaceAll(test.want, "x", "\ufffd")
		}
		if got := string(Valid([]byte(test.in))); got != want {
			t.Errorf("%s: % x becomes %q, want %q", test.name, test.in, got, want)
		}
	}
}

// FuzzValidText compares validText with Unicode's table, read literally, and
// validPrefix with Go's own decoder, for the whole text and for any two reads.
func FuzzValidText(f *testing.F) {
	for _, test := range replaced {
		f.Add([]byte(test.in), uint(1))
	}
	f.Fuzz(func(t *testing.T, text []byte, cut uint) {
		before := bytes.Clone(text)
		got := Valid(text)
		if want := testkit.OracleText(text); string(got) != want {
			t.Errorf("validText(% x) = %q, want %q", text, got, want)
		}
		if !bytes.Equal(text, before) {
			t.Errorf("validText changed % x to % x", before, text)
		}
		if utf8.Valid(text) && !bytes.Equal(got, text) {
			t.Errorf("validText changes the valid % x to % x", text, got)
		}
		if joined := slices.Concat(testkit.Units(text)...); !bytes.Equal(joined, text) {
			t.Errorf("the parts of % x are % x", text, joined)
		}
		checkPrefix(t, text, int(cut%uint(len(text)+1)))
	})
}

// checkPrefix compares validPrefix with the oracle, and asks it again about the
// same text in two reads, the tail of the first carried over.
func checkPrefix(t *testing.T, text []byte, cut int) {
	n, ok := ValidPrefix(text)
	if wantN, wantOK := oraclePrefix(text); n != wantN || ok != wantOK {
		t.Errorf("validPrefix(% x) = %d %v, want %d %v", text, n, ok, wantN, wantOK)
	}
	first, firstOK := ValidPrefix(text[:cut])
	if !firstOK {
		if ok || first != n {
			t.Errorf("validPrefix(% x) = %d %v, but its first %d bytes are %d %v", text, n, ok, cut, first, firstOK)
		}
		return
	}
	if cut-first >= utf8.UTFMax {
		t.Errorf("validPrefix(% x) = %d leaves too much to carry over", text[:cut], first)
	}
	second, secondOK := ValidPrefix(text[first:])
	if first+second != n || secondOK != ok {
		t.Errorf("validPrefix(% x) = %d %v, but %d+%d %v when cut at %d", text, n, ok, first, second, secondOK, cut)
	}
}

// oraclePrefix returns the longest valid beginning, and whether the rest is nothing or
// could still become a character.
func oraclePrefix(text []byte) (int, bool) {
	n := len(text)
	for !utf8.Valid(text[:n]) {
		n--
	}
	rest := text[n:]
	return n, len(rest) == 0 || testkit.Completable(rest)
}

// TestCutBefore cuts at the limit or a little before it, never inside a part.
func TestCutBefore(t *testing.T) {
	for _, test := range []struct {
		text string
		want int
	}{
		{"abcdefg", 4},
		{"abc\u00e9xx", 3},
		{"ab\u00e9xxx", 4},
		{"ab\u20acxx", 2},
		{"a\u20acxxx", 4},
		{"a\U0001f600xx", 1},
		{"\U0001f600xxx", 4},
		{"ab\xf0\x9f\x98xx", 2},  // one part that is no character
		{"abc\xf0\x9f", 3},       // cut by the end of what is there
		{"abcd\x80\x80", 4},      // each byte is one part
		{"ab\xe2\x28\xa1x", 4},   // ( is no continuation
		{"\x80\x80\x80\x80x", 4}, // no beginning near
	} {
		if got := CutBefore([]byte(test.text), 4); got != test.want {
			t.Errorf("cutBefore(% x, 4) = %d, want %d", test.text, got, test.want)
		}
	}
}
