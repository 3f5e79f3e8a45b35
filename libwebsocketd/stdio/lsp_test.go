package stdio

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
	"websocketd/libwebsocketd/internal/testkit"
)

// lspSaid returns what an lspCutter makes of a text, and the lines it passes to junk.
func lspSaid(t *testing.T, text, sizes []byte, longest int) (got said, junk []string) {
	t.Helper()
	c := newLSPCutter(longest, func(line []byte) { junk = append(junk, string(line)) })
	return cutAll(t, c, bridge.Text, text, sizes, false), junk
}

// lspMessage returns a message after its header.
func lspMessage(body string) string {
	return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
}

// TestLSP checks the rule of messages after a header, and of what comes between.
func TestLSP(t *testing.T) {
	for _, test := range []struct {
		name, text, want string
		junk             string // joined by |
	}{
		{"messages", lspMessage("{}") + lspMessage("") + lspMessage("a\nb"), "{}||a\nb and EOF", ""},
		{"bytes, not characters", lspMessage("\u20ac") + lspMessage("\U0001f600"), "\u20ac|\U0001f600 and EOF", ""},
		{"not UTF-8", lspMessage("\xff") + lspMessage("\xe2\x82"), "\ufffd|\ufffd and EOF", ""},
		{"any case, any blanks", "content-LENGTH:\t 02 \r\n\r\n{}CONTENT-LENGTH:1\r\n\r\n1", "{}|1 and EOF", ""},
		{"LF alone", "Content-Length: 2\n\n{}", "{} and EOF", ""},
		{"more headers", "Content-Type: a/b; charset=utf-8\r\nContent-Length: 2\r\nX-Y: z\r\n\r\n{}", "{} and EOF", ""},
		{"a header in a body", lspMessage("Content-Length: 9\r\n\r\n"), "Content-Length: 9\r\n\r\n and EOF", ""},
		{"byte order marks", "\ufeff" + lspMessage("\ufeff{}") + "\ufeff\n\ufeff" + lspMessage("1"), "{}|1 and EOF", ""},
		{"junk between", "Starting\nversion: 1\r\n\r\n\n" + lspMessage("{}") + "bye\r\n", "{} and EOF", "Starting|version: 1|bye"},
		{"junk before a header, in its line", "Loading...Content-Length: 2\r\n\r\n{}", "{} and EOF", "Loading..."},
		{"junk that only looks so", "no Content-Length: 2 here\n" + lspMessage("{}"), "{} and EOF", "no Content-Length: 2 here"},
		{"junk inside a header", "Content-Length: 2\r\nout of turn\r\n\r\n{}", "{} and EOF", "out of turn"},
		{"junk at the end", lspMessage("{}") + "bye", "{} and EOF", "bye"},
		{"a CR at the end", lspMessage("{}") + "\r", "{} and EOF", ""},
		{"no length", "Content-Type: x\r\n\r\n" + lspMessage("{}"), "{} and EOF", "a header without Content-Length"},
		{"twice, the last counts", "Content-Length: 9\r\nContent-Length: 2\r\n\r\n{}", "{} and EOF", ""},
		{"exactly max", lspMessage("12345678901234567890123456789012"), "12345678901234567890123456789012 and EOF", ""},
		{"one more", lspMessage("{}") + "Content-Length: 33\r\n", "{} and Content-Length 33 is over --maxline=32", ""},
		{"negative", "Content-Length: -1\r\n\r\n", ` and Content-Length "-1" is not a number of bytes`, ""},
		{"a billion", lspMessage("{}") + "Content-Length: 1000000000\r\n", "{} and Content-Length 1000000000 is over --maxline=32", ""},
		{"1e9", "Content-Length: 1e9\r\n", ` and Content-Length "1e9" is not a number of bytes`, ""},
		{"twenty digits", "Content-Length: 99999999999999999999\r\n", " and Content-Length 99999999999999999999 is over --maxline=32", ""},
		{"empty", "Content-Length:\r\n", ` and Content-Length "" is not a number of bytes`, ""},
		{"anything", "Content-Length: " + strings.Repeat("\u20ac", 99) + "\n", ` and Content-Length "` + strings.Repeat(`\u20ac`, 20) + `" is not a number of bytes`, ""},
		{"cut in the name", lspMessage("{}") + "conTENT", "{} and output ended inside a message", ""},
		{"cut in the value", "Content-Length: 2", " and output ended inside a message", ""},
		{"cut behind junk", "Loading...Content-Length: 2", " and output ended inside a message", "Loading..."},
		{"cut behind the header", "Content-Length: 2\r\n\r", " and output ended inside a message", ""},
		{"cut in the message", "Content-Length: 2\r\n\r\n{", " and output ended inside a message", ""},
		{"nothing", "", " and EOF", ""},
	} {
		for _, sizes := range oddReads {
			got, junk := lspSaid(t, []byte(test.text), []byte(sizes), 32)
			if got.String() != test.want || strings.Join(junk, "|") != test.junk {
				t.Errorf("%s, reads of % x: %q, junk %q, want %q, %q", test.name, sizes, got, junk, test.want, test.junk)
			}
		}
	}
}

// TestLSPJunk: up to mostJunk bytes may come between two messages; the count starts again
// after each.
func TestLSPJunk(t *testing.T) {
	line := strings.Repeat("j", 1023) + "\n"
	header := "Content-Length: 2\r\n\r\n"
	room := mostJunk - len(header)
	fits := strings.Repeat(line, room/1024) + strings.Repeat("\n", room%1024) + header + "{}"
	got, junk := lspSaid(t, []byte(fits+fits), nil, 32)
	if len(got.messages) != 2 || got.err != io.EOF || len(junk) != 2*(room/1024) {
		t.Errorf("%d messages, %v, %d lines", len(got.messages), got.err, len(junk))
	}
	got, _ = lspSaid(t, []byte(fits+"\n"+fits), nil, 32)
	if len(got.messages) != 1 || got.err != errJunk {
		t.Errorf("one more: %d messages, %v", len(got.messages), got.err)
	}
}

// TestLSPInput: a message gets a header. One that brings its own must fit it to the
// byte, or the program would take the rest for another message.
func TestLSPInput(t *testing.T) {
	for _, test := range []struct{ message, want string }{ // "": refused
		{"{}", lspMessage("{}")},
		{"\u20ac", lspMessage("\u20ac")},
		{"", lspMessage("")},
		{"\ufeff{}", lspMessage("{}")},
		{"content-LENGTH:\t 002 \r\nContent-Type: x\r\n\r\n{}", lspMessage("{}")},
		{"Content-Type: x\nContent-Length: 2\n\n{}", lspMessage("{}")},
		{"\ufeffContent-Length: 5\r\n\r\n\ufeff{}", lspMessage("{}")},
		{"Content-Length: 0\r\n\r\n", lspMessage("")},
		{"Content-Length: 3\r\n\r\n{\"id\":1}", ""},
		{"Content-Length: 9\r\n\r\n{}", ""},
		{"Content-Length: 2\r\n\r\n{}" + lspMessage("{}"), ""},
		{"Content-Length: 1\r\n\r\n\u20ac", ""}, // characters, not bytes
		{"Content-Length: -2\r\n\r\n{}", ""},
		{"Content-Length: +2\r\n\r\n{}", ""},
		{"Content-Length: \r\n\r\n{}", ""},
		{"Content-Length: \u0662\r\n\r\n{}", ""},
		{"Content-Length: \u00a02\r\n\r\n{}", ""},
		{"Content-Length: 99999999999999999999\r\n\r\n{}", ""},
		{"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", ""},
		{"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", ""},
		{"Content-Length: 2\r\n {}", ""},
		{"Content-Length: 2", ""},
		{"Content-Type: x\r\n\r\n{}", ""},
	} {
		got, code := frameAll(lspFramer{}, bridgetest.Say(test.message)...)
		if got != test.want || (code == bridge.ClosePolicyViolation) != (test.want == "") {
			t.Errorf("%q becomes %q, %d, want %q", test.message, got, code, test.want)
		}
	}
}

// FuzzLSPInput: whatever a client sends, the program reads one message, or none.
func FuzzLSPInput(f *testing.F) {
	for _, seed := range []string{"{}", "Content-Length: 2\r\n\r\n{}", "\ufeffContent-Type: x\nContent-Length: 3\n\n{}", lspMessage("{}") + lspMessage("{}")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, message string) {
		wire, code := frameAll(lspFramer{}, bridgetest.Say(message)...)
		got, junk := lspSaid(t, []byte(wire), nil, len(wire)+1)
		switch {
		case len(junk) > 0, code != 0 && wire != "", code == 0 && (len(got.messages) != 1 || got.err != io.EOF):
			t.Errorf("%q is read as %q, junk %q", message, got, junk)
		case code == 0 && !strings.HasSuffix(string(testkit.OracleText([]byte(message))), got.messages[0]):
			t.Errorf("%q is read as %q", message, got)
		}
	})
}

// FuzzLSP compares the cutter with a reader of the whole, and takes what comes out
// there and back.
func FuzzLSP(f *testing.F) {
	own := "content-length: 2\r\nContent-Type: x\r\nX: y\n\n{}"
	for _, seed := range []string{"", lspMessage("{}") + own, "junk\nmore: junk\r\n\r\n" + own + "junk", "junk" + own + "Content-Length: 9",
		"Content-Type: x\r\n\r\nContent-Length: -1\n", "Content-Length: 99999\r\n\r\n", lspMessage("\xe2\x82") + "\xac\n" + lspMessage(strings.Repeat("x", 300))} {
		f.Add([]byte(seed), []byte{2, 0, 5, 0x90}, uint16(3))
		f.Add([]byte(seed), []byte{1}, uint16(900))
	}
	f.Fuzz(func(t *testing.T, text, sizes []byte, limit uint16) {
		longest := 4 + int(limit)%5000
		got, junk := lspSaid(t, text, sizes, longest)
		want, wantJunk := oracleLSP(text, longest)
		if !got.is(want) || !slices.Equal(junk, wantJunk) {
			t.Errorf("%q, at most %d, in reads of % x:\ngot  %q %q\nwant %q %q", text, longest, sizes, got, junk, want, wantJunk)
		}
		for _, message := range got.messages {
			b := withoutMark([]byte(message))
			if len(b) < len(message) || hasPrefixFold(b, contentLength) || hasPrefixFold(b, contentType) {
				return // it would be taken for one with its header
			}
		}
		checkRoundTrip(t, got.messages, bridge.Text, lspFramer{}, newLSPCutter(3*longest, nil), sizes)
	})
}

// oracleLSP reads the whole line by line, with regular expressions.
func oracleLSP(text []byte, longest int) (want said, junk []string) {
	rest, between, length, begun := string(text), 0, "", false
	fail := func(format string, args ...any) (said, []string) {
		want.err = fmt.Errorf(format, args...)
		return want, junk
	}
	for {
		line, after, terminated := strings.Cut(rest, "\n")
		if between += len(line) + 1; between > mostJunk+map[bool]int{false: 1}[terminated] {
			return fail("%w", errJunk)
		}
		if !begun {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		line = strings.TrimSuffix(line, "\r")
		if !terminated {
			return oracleLSPEnd(want, junk, line, begun, longest)
		}
		rest = after
		switch own, behind := ownLength.FindStringSubmatch(line), lengthBehind.FindStringSubmatch(line); {
		case line == "" && !begun:
		case line == "" && length == "":
			junk = append(junk, "a header without Content-Length")
			begun = false
		case line == "":
			n, _ := strconv.Atoi(length)
			if n > len(rest) {
				return fail("%w", errCutOff)
			}
			want.messages = append(want.messages, testkit.OracleText([]byte(strings.TrimPrefix(rest[:n], "\ufeff"))))
			rest, between, length, begun = rest[n:], 0, "", false
		case own != nil:
			begun, length = true, strings.Trim(own[1], " \t")
			if !allDigits.MatchString(length) {
				return fail("Content-Length %+.20q is not a number of bytes", length)
			}
			if n, err := strconv.Atoi(length); err != nil || n > longest {
				return fail("Content-Length %.30s is over --maxline=%d", length, longest)
			}
		case ownType.MatchString(line):
			begun = true
		case begun && anyHeader.MatchString(line):
		case behind != nil && fitsIn(behind[2], longest):
			begun, length = true, behind[2]
			junk = append(junk, behind[1])
		default:
			junk = append(junk, line)
		}
	}
}

// oracleLSPEnd returns what the last line, which has no end, means.
func oracleLSPEnd(want said, junk []string, line string, begun bool, longest int) (said, []string) {
	lower := strings.ToLower(line)
	behind := lengthBehind.FindStringSubmatch(line)
	want.err = io.EOF
	switch {
	case begun:
		want.err = errCutOff
	case line == "":
	case strings.HasPrefix("content-length:", lower), strings.HasPrefix("content-type:", lower), ownLength.MatchString(line), ownType.MatchString(line):
		want.err = errCutOff
	case behind != nil && fitsIn(behind[2], longest):
		want.err = errCutOff
		junk = append(junk, behind[1])
	default:
		junk = append(junk, line)
	}
	return want, junk
}

var (
	ownLength    = regexp.MustCompile(`(?is)^content-length:(.*)$`)
	ownType      = regexp.MustCompile(`(?is)^content-type:`)
	anyHeader    = regexp.MustCompile(`(?s)^[^ \t:]+:`)
	lengthBehind = regexp.MustCompile(`(?is)^(.*)content-length:[ \t]*([0-9]+)[ \t]*$`)
	allDigits    = regexp.MustCompile(`^[0-9]+$`)
)

func fitsIn(digits string, longest int) bool {
	n, err := strconv.Atoi(digits)
	return err == nil && n <= longest
}

// TestLSPOpened: whatever has come of a message, another cutter can go on with it.
func TestLSPOpened(t *testing.T) {
	const text = "Loading...Content-Length: 2\r\n\r\n{}Content-Type: x\r\nContent-Length: 3\r\n\r\nabcX\nContent-Length: 0\n\nContent-Length: 1\r\nX-Y: z\r\n\r\n1"
	const want, wantJunk = "{}+abc++1", "Loading...|X"
	for at := range len(text) + 1 {
		var junk []string
		cutter := func() *lspCutter {
			return newLSPCutter(32, func(line []byte) { junk = append(junk, string(line)) })
		}
		cut := func(c *lspCutter, unread []byte) (batch []bridge.Message, rest []byte) {
			for {
				used, some, err := c.cut(unread, nil)
				if err != nil {
					t.Fatal(err)
				}
				if batch, unread = append(batch, some...), unread[used:]; len(some) == 0 {
					return batch, unread
				}
			}
		}
		before := cutter()
		got, unread := cut(before, []byte(text[:at]))
		rest, _ := cut(cutter(), slices.Concat(before.opened(), unread, []byte(text[at:])))
		if said := bridgetest.Text(append(got, rest...)); said != want || strings.Join(junk, "|") != wantJunk {
			t.Errorf("cut after %q: %q, junk %q", text[:at], said, junk)
		}
	}
}
