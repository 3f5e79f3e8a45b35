package stdio

import (
	"io"
	"slices"
	"strings"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/testkit"
)

// TestNewlines checks what happens to newlines inside a client's message.
func TestNewlines(t *testing.T) {
	pieces := []bridge.Message{{Kind: bridge.Text, More: true, Data: []byte("a\n")}, {Kind: bridge.Text, More: true}, {Kind: bridge.Text, Data: []byte("\rb")}}
	big := strings.Repeat("\n", readbuf.BlockSize)
	for _, test := range []struct {
		newlines Newlines
		batch    []bridge.Message
		want     string
		code     int
	}{
		{NewlinesEscape, bridgetest.Say("a", "", "b\nc\r\n", `d\n`, "\u20ac\n"), "a\n\nb\\nc\\r\\n\n" + `d\n` + "\n\u20ac\\n\n", 0},
		{NewlinesEscape, pieces, "a\\n\\rb\n", 0},
		{NewlinesEscape, bridgetest.Say(big, "x\ny"), strings.Repeat(`\n`, readbuf.BlockSize) + "\nx\\ny\n", 0},
		{NewlinesReject, bridgetest.Say("a", "", `b\n`), "a\n\nb\\n\n", 0},
		{NewlinesReject, bridgetest.Say("a", "b\nc", "d"), "a\n", bridge.ClosePolicyViolation},
		{NewlinesReject, bridgetest.Say("a", "b\r", "d"), "a\n", bridge.ClosePolicyViolation},
		{NewlinesReject, bridgetest.Say(big), "", bridge.ClosePolicyViolation},
	} {
		f := newFramer(&Options{Newlines: test.newlines})
		if got, code := frameAll(f, test.batch...); got != test.want || code != test.code {
			t.Errorf("%s: %.80q becomes %.80q, %d, want %.80q, %d", test.newlines, bridgetest.Text(test.batch), got, code, test.want, test.code)
		}
	}
	for _, newlines := range []Newlines{"", NewlinesPass} {
		if f := newFramer(&Options{Newlines: newlines}); f != nil {
			t.Errorf("%q takes the longer way: %T", newlines, f)
		}
	}
}

// FuzzNewlines: escaped, each message is the line it says; passed, it is as many
// as it has; rejected, it never reaches the program.
func FuzzNewlines(f *testing.F) {
	for _, seed := range []string{"", "a|b\nc|\r\n|d", `a\n|\`, strings.Repeat("x\n", 300)} {
		f.Add(seed, []byte{2, 0, 5, 0x90})
		f.Add(seed, []byte{1})
	}
	escaper := strings.NewReplacer("\n", `\n`, "\r", `\r`)
	f.Fuzz(func(t *testing.T, text string, sizes []byte) {
		messages := strings.Split(text, "|")
		var escaped []string
		lines, good := "", ""
		for _, m := range messages {
			escaped = append(escaped, escaper.Replace(m))
			lines += m + "\n"
		}
		for _, m := range messages {
			if strings.ContainsAny(m, "\r\n") {
				break
			}
			good += m + "\n"
		}
		wire, code := frameAll(newFramer(&Options{Newlines: NewlinesEscape}), bridgetest.Say(messages...)...)
		got, err := allLines(t, linesOf(&testkit.CutReader{Text: []byte(wire), Sizes: sizes, Err: io.EOF}, max(4, len(wire)), nil))
		if code != 0 || err != io.EOF || !slices.Equal(got, escaped) {
			t.Errorf("escaped, %d, %v: %q, want %q", code, err, got, escaped)
		}
		wire, code = frameAll(newFramer(&Options{Newlines: NewlinesReject}), bridgetest.Say(messages...)...)
		if wire != good || (code == bridge.ClosePolicyViolation) != (good != lines) {
			t.Errorf("rejected, %d: %q, want %q", code, wire, good)
		}
		w := &writes{}
		if err := (&lineInput{to: w}).Send(bridgetest.Say(messages...)); err != nil || w.text() != lines {
			t.Errorf("passed: %q, want %q, %v", w.text(), lines, err)
		}
		if wire, code = frameAll(rawFramer{}, bridgetest.Say(messages...)...); code != 0 || wire != strings.Join(messages, "") {
			t.Errorf("raw: %q, %d", wire, code)
		}
	})
}
