package stdio

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/testkit"
)

func ndjsonSaid(t *testing.T, text, sizes []byte, longest int) (got said, junk []string) {
	t.Helper()
	c := &ndjsonCutter{max: longest, junk: func(line []byte) { junk = append(junk, string(line)) }}
	return cutAll(t, c, bridge.Text, text, sizes, false), junk
}

// TestNDJSON checks the rule of lines of JSON.
func TestNDJSON(t *testing.T) {
	for _, test := range []struct {
		name, text, want string
		junk             string // joined by |
	}{
		{"values", "{}\n[1]\r\n \"a\" \n1\nnull\n", `{}|[1]| "a" |1|null and EOF`, ""},
		{"byte order marks", "\ufeff1\n\ufeff\n2\ufeff\n\ufeff[]", `1|[] and EOF`, "2\ufeff"},
		{"empty lines are nothing", "\n\r\n \t\r\n1\n\n", "1 and EOF", ""},
		{"other lines go to the log", "Starting\n1\n{\n1 2\n", "1 and EOF", "Starting|{|1 2"},
		{"the last one is whole", "1\n{}", "1|{} and EOF", ""},
		{"the last one is not", "1\n{", "1 and EOF", "{"},
		{"not UTF-8", "\"\xe2\x82\"\n\xff\n1\n", "\"\ufffd\"|1 and EOF", "\xff"},
		{"exactly max", "12345678\r\n12345678\n12345678", "12345678|12345678|12345678 and EOF", ""},
		{"one more", "1\n123456789\n", "1 and message over --maxline", ""},
		{"one more and no end", "1\n1234567890", "1 and message over --maxline", ""},
		{"one more at the end", "1\n123456789", "1 and message over --maxline", ""},
		{"two CR are one more", "1\n12345678\r\r\n", "1 and message over --maxline", ""},
		{"a line that is not JSON is no better", "xxxxxxxxx\n1\n", " and message over --maxline", ""},
		{"nothing", "", " and EOF", ""},
	} {
		for _, sizes := range oddReads {
			got, junk := ndjsonSaid(t, []byte(test.text), []byte(sizes), 8)
			if got.String() != test.want || strings.Join(junk, "|") != test.junk {
				t.Errorf("%s, reads of % x: %q, junk %q, want %q, %q", test.name, sizes, got, junk, test.want, test.junk)
			}
		}
	}
}

// TestNDJSONInput: one value, on one line.
func TestNDJSONInput(t *testing.T) {
	f := &ndjsonFramer{}
	for _, test := range []struct {
		message, want string
		code          int
	}{
		{"{\n \"a\\n\": [1, 2.50, \"b  c\"],\r\n\t\"<\u2028>\": null\n}", "{\"a\\n\":[1,2.50,\"b  c\"],\"<\u2028>\":null}\n", 0},
		{" 1 ", "1\n", 0},
		{"\ufeff{ }", "{}\n", 0},
		{"\ufeff", "", bridge.ClosePolicyViolation},
		{"{}\ufeff", "", bridge.ClosePolicyViolation},
		{"", "", bridge.ClosePolicyViolation},
		{"{", "", bridge.ClosePolicyViolation},
		{"1 2", "", bridge.ClosePolicyViolation},
		{"1\n2", "", bridge.ClosePolicyViolation},
		{"\"a\nb\"", "", bridge.ClosePolicyViolation},
		{strings.Repeat("[", 20000) + strings.Repeat("]", 20000), "", bridge.ClosePolicyViolation},
	} {
		if got, code := frameAll(f, bridgetest.Say(test.message)...); got != test.want || code != test.code {
			t.Errorf("%.80q becomes %q, %d, want %q, %d", test.message, got, code, test.want, test.code)
		}
	}
	if got, code := frameAll(f, bridgetest.Say("1", "{}", "no", "2")...); got != "1\n{}\n" || code != bridge.ClosePolicyViolation {
		t.Errorf("%q, %d", got, code)
	}
	big := `["` + strings.Repeat("x", 3*readbuf.BlockSize) + `"]`
	if got, _ := frameAll(f, bridgetest.Say("[ ]", big, "[ ]")...); got != "[]\n"+big+"\n[]\n" || f.compact.Cap() > readbuf.BlockSize {
		t.Errorf("%d bytes, room for %d is kept", len(got), f.compact.Cap())
	}
}

// FuzzNDJSON compares the cutter with the rule in its plainest form, and sends what comes
// out there and back, spread over many lines.
func FuzzNDJSON(f *testing.F) {
	for _, seed := range []string{"", "{}\r\n[1]\n\n x\n \"\xe2\x82\"\r\r\n1", `{"a":[1,2,"\u20ac"]}` + "\n{", strings.Repeat("1\n", 300) + strings.Repeat("2", 700)} {
		f.Add([]byte(seed), []byte{2, 0, 5, 0x90}, uint16(3))
		f.Add([]byte(seed), []byte{1}, uint16(900))
	}
	f.Fuzz(func(t *testing.T, text, sizes []byte, limit uint16) {
		longest := 4 + int(limit)%5000
		got, junk := ndjsonSaid(t, text, sizes, longest)
		want, wantJunk := oracleNDJSON(text, longest)
		if !got.is(want) || !slices.Equal(junk, wantJunk) {
			t.Errorf("%q, at most %d, in reads of % x:\ngot  %q %q\nwant %q %q", text, longest, sizes, got, junk, want, wantJunk)
		}
		var compact, spread []string
		for _, message := range got.messages {
			var one, many bytes.Buffer
			json.Compact(&one, []byte(message))
			json.Indent(&many, []byte(message), "\r\n", "\n")
			compact, spread = append(compact, one.String()), append(spread, many.String())
		}
		checkNDJSON(t, compact, spread, sizes)
		checkNDJSON(t, compact, got.messages, sizes)
	})
}

// checkNDJSON: messages come back compact.
func checkNDJSON(t *testing.T, want, messages []string, sizes []byte) {
	t.Helper()
	wire, code := frameAll(&ndjsonFramer{}, bridgetest.Say(messages...)...)
	got, junk := ndjsonSaid(t, []byte(wire), sizes, max(4, len(wire)))
	if code != 0 || !got.is(said{want, io.EOF}) || len(junk) > 0 {
		t.Errorf("there and back, %d:\ngot  %q %q\nwant %q", code, got, junk, want)
	}
}

// oracleNDJSON decodes each line of the whole.
func oracleNDJSON(text []byte, longest int) (want said, junk []string) {
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if last := i == len(lines)-1; !last {
			line = strings.TrimSuffix(line, "\r")
		}
		if len(line) > longest {
			want.err = errOverMaxLine
			return want, junk
		}
		line = strings.TrimPrefix(line, "\ufeff")
		var value any
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		first := d.Decode(&value)
		_, second := d.Token()
		switch {
		case first == nil && second == io.EOF:
			want.messages = append(want.messages, testkit.OracleText([]byte(line)))
		case first != io.EOF:
			junk = append(junk, line)
		}
	}
	want.err = io.EOF
	return want, junk
}
