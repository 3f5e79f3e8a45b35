package stdio

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
	"websocketd/libwebsocketd/internal/testkit"
)

func newNullOfFour() cutter { return &nullCutter{max: 4} }

// TestNull checks the rule of messages that end with a NUL.
func TestNull(t *testing.T) {
	checkFramed(t, bridge.Text, []framed{
		{"messages", "a\x00bc\x00\x00d\x00", "a|bc||d and EOF"},
		{"the last one needs no NUL", "a\x00b", "a|b and EOF"},
		{"newlines are text", "a\nb\x00\r\n\x00", "a\nb|\r\n and EOF"},
		{"not UTF-8", "\xff\x00\xc3\xa9\x00\xe2\x82\x00", "\ufffd|\u00e9|\ufffd and EOF"},
		{"a NUL inside a character", "\xe2\x82\x00\xac", "\ufffd|\ufffd and EOF"},
		{"exactly max", "abcd\x00abcd", "abcd|abcd and EOF"},
		{"one more", "a\x00abcde\x00b\x00", "a and message over --maxline"},
		{"one more at the end", "a\x00abcde", "a and message over --maxline"},
		{"nothing", "", " and EOF"},
	}, newNullOfFour)
	for _, test := range []struct {
		batch []bridge.Message
		want  string
		code  int
	}{
		{bridgetest.Say("a", "", "b\nc"), "a\x00\x00b\nc\x00", 0},
		{[]bridge.Message{{Kind: bridge.Binary, Data: []byte("\xff")}, {Kind: bridge.Text, Data: []byte("a")}}, "\xff\x00a\x00", 0},
		{[]bridge.Message{{Kind: bridge.Text, More: true, Data: []byte("a")}, {Kind: bridge.Text, Data: []byte("b")}}, "ab\x00", 0},
		{bridgetest.Say("a", "b\x00c", "d"), "a\x00", bridge.ClosePolicyViolation},
		{bridgetest.Say("\x00"), "", bridge.ClosePolicyViolation},
	} {
		if got, code := frameAll(nullFramer{}, test.batch...); got != test.want || code != test.code {
			t.Errorf("%q becomes %q, %d, want %q, %d", bridgetest.Text(test.batch), got, code, test.want, test.code)
		}
	}
}

// FuzzNull compares the cutter with the rule in its plainest form, and sends what comes
// out there and back.
func FuzzNull(f *testing.F) {
	for _, seed := range []string{"", "a\x00b", "abcde\x00", "\xe2\x82\x00\xac\x00", strings.Repeat("x\x00", 300) + strings.Repeat("y", 700)} {
		f.Add([]byte(seed), []byte{2, 0, 5, 0x90}, uint16(3), true)
		f.Add([]byte(seed), []byte{1}, uint16(900), false)
	}
	f.Fuzz(func(t *testing.T, text, sizes []byte, limit uint16, withLast bool) {
		longest := 4 + int(limit)%5000
		got := cutAll(t, &nullCutter{max: longest}, bridge.Text, text, sizes, withLast)
		if want := oracleNull(text, longest); !got.is(want) {
			t.Errorf("%q, at most %d, in reads of % x:\ngot  %q\nwant %q", text, longest, sizes, got, want)
		}
		checkRoundTrip(t, got.messages, bridge.Text, nullFramer{}, &nullCutter{max: 3 * longest}, sizes)
	})
}

// oracleNull splits the whole.
func oracleNull(text []byte, longest int) (want said) {
	split := bytes.Split(text, []byte{0})
	if last := len(split) - 1; len(split[last]) == 0 {
		split = split[:last]
	}
	for _, message := range split {
		if len(message) > longest {
			want.err = errOverMaxLine
			return want
		}
		want.messages = append(want.messages, testkit.OracleText(message))
	}
	want.err = io.EOF
	return want
}

// checkRoundTrip checks that a program that repeats its input prints the client's message.
func checkRoundTrip(t *testing.T, messages []string, kind bridge.Kind, f framer, c cutter, sizes []byte) {
	t.Helper()
	batch := bridgetest.Say(messages...)
	for i := range batch {
		batch[i].Kind = kind
	}
	wire, code := frameAll(f, batch...)
	got := cutAll(t, c, kind, []byte(wire), sizes, true)
	if want := (said{messages, io.EOF}); code != 0 || !got.is(want) {
		t.Errorf("there and back, %d:\ngot  %q\nwant %q", code, got, want)
	}
}
