package pow

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"websocketd/libwebsocketd/bridge"
)

// TestRESTLines has the rule of the buffer, one example each.
func TestRESTLines(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ output, want string }{
		{"", ""},
		{"open", ""},
		{"a\n", "a"},
		{"a\nb\nopen", "a\nb"},
		{"a\r\nb\r\n", "a\nb"},
		{"a\rb\n\r\r\n", "a\rb\n\r"},
		{"\n", ""},
		{"\n\n", "\n"},
		{"a\n\n", "a\n"},
		{"1\n2\n3\n4\n", "2\n3\n4"},
		{"123456789\nab\n", "ab"},
		{"0123456789\n", "456789"},
		{"0\u20ac12345\r\n", "12345"},
		{"0123\u20ac89\n", "3\u20ac89"},
	} {
		l := newLines(3, 6)
		l.write([]bridge.Message{{Data: []byte(test.output)}})
		if got := l.String(); got != test.want {
			t.Errorf("%q: %q, want %q", test.output, got, test.want)
		}
	}
}

// TestRESTLinesOfPieces: it does not matter how an output comes.
func TestRESTLinesOfPieces(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		most, bytes := rapid.IntRange(1, 5).Draw(t, "lines"), rapid.IntRange(utf8.UTFMax, 12).Draw(t, "bytes")
		pieces := rapid.SliceOf(rapid.StringOfN(rapid.SampledFrom([]rune("ab\r\n\n\u20ac")), 0, 9, -1)).Draw(t, "pieces")
		l := newLines(most, bytes)
		for i, piece := range pieces {
			l.write([]bridge.Message{{Data: []byte(piece)}})
			if got, want := l.String(), shown(strings.Join(pieces[:i+1], ""), most, bytes); got != want {
				t.Fatalf("%q of %q, want %q", got, pieces[:i+1], want)
			}
			if len(l.open) > 2*(bytes+1)+len(piece) {
				t.Fatalf("%d bytes of a line are held", len(l.open))
			}
		}
	})
}

// shown returns what there is to see of a whole output, found out in another way.
func shown(output string, most, bytes int) string {
	all := strings.Split(output, "\n")
	kept, left := []string{}, bytes
	for i := len(all) - 2; i >= 0 && len(kept) < most; i-- {
		line := strings.TrimSuffix(all[i], "\r")
		for len(line) > bytes || line != "" && !utf8.RuneStart(line[0]) {
			line = line[1:]
		}
		if left -= len(line) + 1; left < 0 && len(kept) > 0 {
			break
		}
		kept = append([]string{line}, kept...)
	}
	return strings.Join(kept, "\n")
}
