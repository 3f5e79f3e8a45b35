package stdio

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/testkit"
)

// resting is a program that pauses now and then. If it does so inside a character, it may
// stall.
type resting struct {
	testkit.CutReader
	whole  string
	stalls []bool // at each read that may stall, in turn
	at     int
	cuts   []int // where it stalled, from 0 on
	wrong  []int // where patience was asked for, or not, against the rule
}

func (r *resting) ReadInto(in *readbuf.Buffer) (int, error) {
	at, begin := len(r.whole)-len(r.Text), r.cuts[len(r.cuts)-1]
	parts := testkit.Units([]byte(r.whole[begin:at]))
	open := len(parts) > 0 && testkit.Completable(parts[len(parts)-1])
	if want := map[bool]time.Duration{true: stall}[open]; in.Patience != want {
		r.wrong = append(r.wrong, at)
	}
	if open && len(r.stalls) > 0 && len(r.Text) > 0 {
		if r.at++; r.stalls[r.at%len(r.stalls)] {
			r.cuts = append(r.cuts, at)
			return 0, readbuf.ErrStalled
		}
	}
	return r.Read(in.Space())
}

// rawAll returns the messages made of a text, and where the reads were.
func rawAll(t *testing.T, text, sizes string, stalls []bool) (said, *resting) {
	t.Helper()
	source := &resting{CutReader: testkit.CutReader{Text: []byte(text), Sizes: []byte(sizes), Err: io.EOF}, whole: text, stalls: stalls, cuts: []int{0}}
	o := &rawOutput{in: readbuf.Buffer{Source: source}}
	return sayAll(t, o, &o.in, bridge.Text, readbuf.SmallBlock), source
}

// TestRaw: a read is a message, but for the character it cuts.
func TestRaw(t *testing.T) {
	never, always := []bool(nil), []bool{true}
	for _, test := range []struct {
		name, text, sizes string
		stalls            []bool
		want              string
	}{
		{"one read", "Name? ", "", never, "Name? "},
		{"reads", "abcdef", "\x02", never, "ab|cd|ef"},
		{"nothing is added or taken", "a\r\n\x00\n", "\x02\x03", never, "a\r|\n\x00\n"},
		{"a character in two reads", "a\u20acb", "\x02", never, "a|\u20ac|b"},
		{"a character in four reads", "\U0001f600", "\x01", never, "\U0001f600"},
		{"it stalls there", "a\u20acb", "\x02", always, "a|\ufffd|\ufffd\ufffd|b"},
		{"it stalls and goes on", "\U0001f600\U0001f600", "\x02", []bool{false, false, true}, "\U0001f600|\ufffd|\ufffd\ufffd"},
		{"what can be no character is not waited for", "\xff\xc0\xed\xa0", "\x04", always, "\ufffd\ufffd\ufffd\ufffd"},
		{"the end is an end", "a\xf0\x9f\x98", "", never, "a|\ufffd"},
		{"nothing", "", "", never, ""},
	} {
		if got, _ := rawAll(t, test.text, test.sizes, test.stalls); strings.Join(got.messages, "|") != test.want || got.err != io.EOF {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	batch := []bridge.Message{{Kind: bridge.Text, Data: []byte("a\n")}, {Kind: bridge.Binary, Data: []byte("\xff\x00")}, {Kind: bridge.Text, More: true, Data: []byte("b")}}
	if got, code := frameAll(rawFramer{}, batch...); got != "a\n\xff\x00b" || code != 0 {
		t.Errorf("the program reads %q, %d", got, code)
	}
}

// FuzzRaw: joined, the messages are the text as a decoder sees it that starts again where
// the program stalled. Before every read everything has been passed on but the beginning
// of a character, and only then does the read have a time-out.
func FuzzRaw(f *testing.F) {
	for _, seed := range []string{"", "Name? ", "\u20ac\u00e9\U0001f600", "a\xf0\x9f\x98\xe2\x82", "\xc0\xaf\xed\xa0\x80\xf4\x90"} {
		f.Add(seed, "\x01", uint8(0))
		f.Add(seed, "\x02\x00\x03", uint8(0b101))
	}
	f.Fuzz(func(t *testing.T, text, sizes string, pattern uint8) {
		var stalls []bool
		for i := range 4 {
			stalls = append(stalls, pattern>>i&1 == 1)
		}
		if pattern == 0 {
			stalls = nil
		}
		got, source := rawAll(t, text, sizes, stalls)
		want := ""
		for i, begin := range source.cuts {
			end := len(text)
			if i+1 < len(source.cuts) {
				end = source.cuts[i+1]
			}
			want += testkit.OracleText([]byte(text[begin:end]))
		}
		if joined := strings.Join(got.messages, ""); joined != want || got.err != io.EOF {
			t.Errorf("%q in reads of % x, stalls at %d:\ngot  %q %v\nwant %q", text, sizes, source.cuts, joined, got.err, want)
		}
		if slices.Contains(got.messages, "") || len(source.wrong) > 0 {
			t.Errorf("%q in reads of % x, stalls at %d: %q, wrong patience at %d", text, sizes, source.cuts, got.messages, source.wrong)
		}
	})
}
