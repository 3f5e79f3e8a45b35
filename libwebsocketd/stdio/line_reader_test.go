package stdio

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"websocketd/libwebsocketd/internal/bridgetest"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/testkit"
)

func linesOf(r io.Reader, longest int, long func()) *lineReader {
	return newLineReader(bridgetest.Eager{R: r}, longest, long)
}

// TestLines checks the rule of lines, and what is cut where.
func TestLines(t *testing.T) {
	for _, test := range []struct {
		name, text string
		max        int
		want       string // joined by |
		long       bool
	}{
		{"lines", "a\nbc\n\nd\n", 9, "a|bc||d", false},
		{"the last line needs no end", "a\nb", 9, "a|b", false},
		{"one CR belongs to the end", "a\r\nb\r\r\n\r\nc\rd\n", 9, "a|b\r||c\rd", false},
		{"a CR at the very end is text", "a\r", 9, "a\r", false},
		{"NUL is text", "a\x00b\n", 9, "a\x00b", false},
		{"exactly max", "abcd\nabcd\r\nabcd", 4, "abcd|abcd|abcd", false},
		{"one more", "abcde\n", 4, "abcd|e", true},
		{"twice as much", "abcdefgh\n", 4, "abcd|efgh", true},
		{"CR is one more", "abcd\rx\n", 4, "abcd|\rx", true},
		{"two CR are one more", "abcd\r\r\n", 4, "abcd|\r", true},
		{"unterminated CR is one more", "abcd\r", 4, "abcd|\r", true},
		{"characters stay whole", "a\u20ac\u20ac\n", 4, "a\u20ac|\u20ac", true},
		{"four bytes in four", "\U0001f600\U0001f600", 4, "\U0001f600|\U0001f600", true},
		{"a part stays whole", "ab\xf0\x9f\x98c\n", 4, "ab|\xf0\x9f\x98c", true},
		{"nothing", "", 4, "", false},
	} {
		for _, sizes := range []string{"", "\x01", "\x02", "\x03\x00\x01", "\x05"} {
			l := linesOf(&testkit.CutReader{Text: []byte(test.text), Sizes: []byte(sizes), Err: io.EOF}, test.max, nil)
			long := 0
			l.long = func() { long++ }
			lines, err := allLines(t, l)
			if got := strings.Join(lines, "|"); got != test.want || err != io.EOF {
				t.Errorf("%s, reads of % x: %q %v, want %q", test.name, sizes, got, err, test.want)
			}
			if (long == 1) != test.long || long > 1 {
				t.Errorf("%s, reads of % x: said %d times to be long", test.name, sizes, long)
			}
		}
	}
}

// TestLinesError: the error is returned after the last line, and again.
func TestLinesError(t *testing.T) {
	l := linesOf(&testkit.CutReader{Text: []byte("a\nb"), WithLast: true, Err: testkit.ErrBroken}, 4, nil)
	lines, err := allLines(t, l)
	if !slices.Equal(lines, []string{"a", "b"}) || err != testkit.ErrBroken {
		t.Errorf("%q, %v", lines, err)
	}
	if lines, err := l.Next(); len(lines) > 0 || err != testkit.ErrBroken {
		t.Errorf("after the end: %q, %v", bridgetest.Text(lines), err)
	}
}

// TestLinesBatch: what one read brought is one batch, and no read is made for more.
func TestLinesBatch(t *testing.T) {
	source := &testkit.CutReader{Text: []byte("a\nb\nc\nd"), Sizes: []byte{5, 2}, Err: io.EOF}
	l := linesOf(source, 100, nil)
	batch, err := l.Next()
	if got := bridgetest.Text(batch); got != "a+b" || err != nil || string(source.Text) != "\nd" {
		t.Errorf("first batch %q %v, unread %q", got, err, source.Text)
	}
}

// halting releases the block before every read, as a descriptor does that must wait.
type halting struct {
	r     io.Reader
	costs func() // asked while it waits
}

func (h halting) ReadInto(in *readbuf.Buffer) (int, error) {
	in.Space()
	in.Release()
	h.costs()
	return h.r.Read(in.Space())
}

// TestLinesMemory: a long line is never held whole, memory for one is held only while it
// is needed, and a program that prints nothing costs nothing.
func TestLinesMemory(t *testing.T) {
	const longest = 1 << 20
	var l *lineReader
	idle, held, most := 0, 0, 0
	l = newLineReader(halting{io.MultiReader(
		strings.NewReader("short\n"),
		strings.NewReader(strings.Repeat("x", 5*longest)), // an endless line
		strings.NewReader("\n"),
		&testkit.CutReader{Text: []byte(strings.Repeat("y", longest-1) + "\n" + strings.Repeat("z\n", 100)), Sizes: []byte{255, 2}, Err: io.EOF},
	), func() {
		if most = max(most, l.in.Held()); l.in.Held() == 0 {
			if idle++; cap(l.text) > 0 {
				t.Error("what was read is held by what was made of it")
			}
		} else if held++; len(l.in.Unread()) <= readbuf.KeptSize {
			t.Errorf("%d bytes unread hold %d", len(l.in.Unread()), l.in.Held())
		}
	}}, longest, nil)
	for {
		if _, err := l.Next(); err != nil {
			break
		}
	}
	if l.in.Held() > 0 {
		t.Errorf("%d bytes are kept after the end", l.in.Held())
	}
	if most > longest+2+readbuf.KeptSize {
		t.Errorf("a line of any length costs %d bytes", most)
	}
	if most < longest || idle < 5 || held < 10 {
		t.Errorf("at most %d bytes, %d times idle, %d times not: this test tests nothing", most, idle, held)
	}
}

// FuzzLines compares the line reader with the oracle, for any text, reads of any
// size, any longest line.
func FuzzLines(f *testing.F) {
	seeds := []string{"", "a\nb", "a\r\nb\r\r\n", "abcdefghi\n", "abcd\r\nabcd\r", "\u20ac\u20ac\u20ac\n", "a\U0001f600b\xf0\x9f\x98c\xc0\xaf\n",
		strings.Repeat("\xe2\x82", 9), strings.Repeat("0123456789", 700) + "\r\n" + strings.Repeat("x\n", 300)}
	for _, seed := range seeds {
		f.Add([]byte(seed), []byte(nil), uint16(0), true)
		f.Add([]byte(seed), []byte{1}, uint16(0), false)
		f.Add([]byte(seed), []byte{2, 0, 5, 0x90}, uint16(3), true)
	}
	f.Fuzz(func(t *testing.T, text, sizes []byte, more uint16, withLast bool) {
		if len(text) > 16<<10 {
			return // lengths over a chunk are TestLinesMemory's
		}
		checkLines(t, text, sizes, 4+int(more)%5000, withLast)
		first := bytes.IndexByte(text, '\n') // a limit around the first line's length is where it gets narrow
		checkLines(t, text, sizes, max(4, first-2+int(more)%4), withLast)
	})
}

func checkLines(t *testing.T, text, sizes []byte, longest int, withLast bool) {
	t.Helper()
	said := 0
	source := &testkit.CutReader{Text: text, Sizes: sizes, WithLast: withLast, Err: testkit.ErrBroken}
	l := linesOf(source, longest, func() { said++ })
	got, err := allLines(t, l)
	want, long := oracleLines(text, longest)
	if !slices.Equal(got, want) {
		t.Errorf("lines of %q, at most %d, reads of % x:\ngot  %q\nwant %q", text, longest, sizes, got, want)
	}
	if err != testkit.ErrBroken {
		t.Errorf("lines of %q end with %v", text, err)
	}
	if said != len(long) {
		t.Errorf("lines of %q, at most %d: said %d times to be long, should be %d", text, longest, said, len(long))
	}
	if took, have := strings.Join(got, ""), string(text); strings.NewReplacer("\r", "", "\n", "").Replace(took) != strings.NewReplacer("\r", "", "\n", "").Replace(have) {
		t.Errorf("lines of %q lose or invent: %q", text, got)
	}
}

// allLines reads to the end, and looks at the buffer at every step.
func allLines(t *testing.T, l *lineReader) (lines []string, err error) {
	t.Helper()
	for {
		batch, err := l.Next()
		for _, line := range batch {
			lines = append(lines, string(line.Data))
		}
		if l.in.Held() > max(readbuf.LargeBlock, l.max+2+readbuf.KeptSize) {
			t.Fatalf("a buffer of %d bytes for lines of %d", l.in.Held(), l.max)
		}
		switch {
		case err != nil && len(batch) > 0:
			t.Fatalf("lines %q and the error %v at once", bridgetest.Text(batch), err)
		case err == nil && len(batch) == 0:
			t.Fatal("no line and no error")
		case err != nil:
			return lines, err
		}
	}
}

// oracleLines applies the rule in its plainest form. It splits the whole at LF, removes
// one CR before each LF, drops an empty last line, and fills pieces part by part. long
// has one element if any line is too long.
func oracleLines(text []byte, longest int) (lines []string, long []string) {
	split := strings.Split(string(text), "\n")
	for i, line := range split {
		last := i == len(split)-1
		if last && line == "" {
			break
		}
		if !last && strings.HasSuffix(line, "\r") {
			line = line[:len(line)-1]
		}
		if len(line) > longest {
			long = []string{line}
		}
		piece := ""
		for _, part := range testkit.Units([]byte(line)) {
			if len(piece)+len(part) > longest {
				lines = append(lines, piece)
				piece = ""
			}
			piece += string(part)
		}
		lines = append(lines, piece)
	}
	return lines, long
}
