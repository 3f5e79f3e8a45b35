package stdio

import (
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"websocketd/libwebsocketd/bridge"
)

// TestLength checks the rule of messages after their length.
func TestLength(t *testing.T) {
	checkFramed(t, bridge.Binary, []framed{
		{"messages", "\x00\x00\x00\x01a\x00\x00\x00\x00\x00\x00\x00\x02\xff\x00", "a||\xff\x00 and EOF"},
		{"exactly max", "\x00\x00\x00\x04abcd", "abcd and EOF"},
		{"one more", "\x00\x00\x00\x01a\x00\x00\x00\x05abcde", "a and message over --maxline"},
		{"4 GB", "\x00\x00\x00\x01a\xff\xff\xff\xff", "a and message over --maxline"},
		{"big-endian", "\x01\x00\x00\x00a", " and message over --maxline"},
		{"cut in the length", "\x00\x00\x00\x01a\x00\x00\x00", "a and output ended inside a message"},
		{"cut in the message", "\x00\x00\x00\x03ab", " and output ended inside a message"},
		{"cut before the message", "\x00\x00\x00\x03", " and output ended inside a message"},
		{"nothing", "", " and EOF"},
	}, func() cutter { return &lengthCutter{max: 4} })
	batch := []bridge.Message{{Kind: bridge.Text, Data: []byte("\u20ac")}, {Kind: bridge.Binary}, {Kind: bridge.Binary, Data: []byte(strings.Repeat("x", 258))}}
	want := "\x00\x00\x00\x03\u20ac\x00\x00\x00\x00\x00\x00\x01\x02" + strings.Repeat("x", 258)
	if got, code := frameAll(lengthFramer{}, batch...); got != want || code != 0 {
		t.Errorf("%q, %d, want %q", got, code, want)
	}
}

// FuzzLength compares the cutter with a reader of the whole, and takes what comes
// out there and back.
func FuzzLength(f *testing.F) {
	for _, seed := range []string{"", "\x00\x00\x00\x01a\x00\x00\x00\x00", "\x00\x00\x02\x00" + strings.Repeat("y", 512) + "\x00", "\xff\xff\xff\xff"} {
		f.Add([]byte(seed), []byte{2, 0, 5, 0x90}, uint16(3), true)
		f.Add([]byte(seed), []byte{1}, uint16(900), false)
	}
	f.Fuzz(func(t *testing.T, text, sizes []byte, limit uint16, withLast bool) {
		longest := 4 + int(limit)%5000
		got := cutAll(t, &lengthCutter{max: longest}, bridge.Binary, text, sizes, withLast)
		if want := oracleLength(text, longest); !got.is(want) {
			t.Errorf("%q, at most %d, in reads of % x:\ngot  %q\nwant %q", text, longest, sizes, got, want)
		}
		// Any bytes are a message.
		messages := strings.SplitAfter(string(text), "x")
		checkRoundTrip(t, messages, bridge.Binary, lengthFramer{}, &lengthCutter{max: max(4, len(text))}, sizes)
	})
}

func oracleLength(text []byte, longest int) (want said) {
	r := strings.NewReader(string(text))
	for {
		var size uint32
		switch err := binary.Read(r, binary.BigEndian, &size); {
		case err == io.EOF:
			want.err = io.EOF
			return want
		case err != nil:
			want.err = errCutOff
			return want
		case int64(size) > int64(longest):
			want.err = errOverMaxLine
			return want
		}
		message := make([]byte, size)
		if _, err := io.ReadFull(r, message); err != nil {
			want.err = errCutOff
			return want
		}
		want.messages = append(want.messages, string(message))
	}
}
