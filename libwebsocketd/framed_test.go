package libwebsocketd

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// said is what an output made of a text: its messages, and why there are no more.
type said struct {
	messages []string
	err      error
}

// sayAll reads an output to its end, and looks at every batch on the way.
func sayAll(t *testing.T, o output, in *inbox, kind Kind, most int) (s said) {
	t.Helper()
	for {
		batch, err := o.next()
		for _, m := range batch {
			if m.Kind != kind || m.More {
				t.Fatalf("a message of kind %d, more %v", m.Kind, m.More)
			}
			if m.Kind == Text && !utf8.Valid(m.Data) {
				t.Fatalf("the text message %q", m.Data)
			}
			s.messages = append(s.messages, string(m.Data))
		}
		if in.held() > max(largeRoom, most+keptSize) {
			t.Fatalf("a buffer of %d bytes for messages of %d", in.held(), most)
		}
		switch {
		case err != nil && len(batch) > 0, err == nil && len(batch) == 0, len(batch) > mostMessages:
			t.Fatalf("%d messages and the error %v", len(batch), err)
		case err == nil:
			continue
		}
		if again, twice := o.next(); twice != err || len(again) > 0 || in.held() > 0 {
			t.Fatalf("after %v: %d messages, %v, room %v", err, len(again), twice, in.held() > 0)
		}
		s.err = err
		return s
	}
}

// cutAll is what a cutter makes of text that comes in reads of any size.
func cutAll(t *testing.T, c cutter, kind Kind, text, sizes []byte, withLast bool) said {
	t.Helper()
	o := newFramedOutput(eager{R: &cutReader{text: text, sizes: sizes, withLast: withLast, err: io.EOF}}, c)
	return sayAll(t, o, &o.in, kind, c.most())
}

func (s said) String() string {
	return strings.Join(s.messages, "|") + " and " + s.err.Error()
}

func (s said) is(other said) bool {
	return slices.Equal(s.messages, other.messages) && s.err.Error() == other.err.Error()
}

// oddReads are sizes of reads that cut where it hurts.
var oddReads = []string{"", "\x01", "\x02", "\x03\x00\x01", "\x05", "\x04\x07"}

// framed are texts and what a framing makes of them.
type framed struct {
	name, text string
	want       string // messages joined by |, and the error
}

// checkFramed holds a cutter to a table, in reads of any size.
func checkFramed(t *testing.T, kind Kind, table []framed, newCutter func() cutter) {
	t.Helper()
	for _, test := range table {
		for _, sizes := range oddReads {
			if got := cutAll(t, newCutter(), kind, []byte(test.text), []byte(sizes), false); got.String() != test.want {
				t.Errorf("%s, reads of % x: %.200q, want %.200q", test.name, sizes, got, test.want)
			}
		}
	}
}

// writes keeps what was written, write by write.
type writes struct {
	all   []string
	fails error
}

// Write implements io.Writer.
func (w *writes) Write(b []byte) (int, error) {
	if w.fails != nil {
		return 0, w.fails
	}
	w.all = append(w.all, string(b))
	return len(b), nil
}

func (w *writes) text() string { return strings.Join(w.all, "") }

// frameAll is what a framer makes of messages, and the close code of the end.
func frameAll(f framer, batch ...Message) (text string, code int) {
	w := &writes{}
	err := (&framedInput{to: w, framer: f}).send(batch)
	if refused := new(RefusedError); errors.As(err, &refused) {
		code = refused.Code
	}
	return w.text(), code
}

// TestFramedInput: as few writes as it takes, whatever the sizes; what comes
// before a message that is refused is written, nothing of it and behind it.
func TestFramedInput(t *testing.T) {
	big := strings.Repeat("x", 3*chunkSize)
	for _, test := range []struct {
		name   string
		batch  []Message
		writes []int // their sizes
	}{
		{"many are one write", say("a", "", "b"), []int{2 + 1 + 2}},
		{"none", nil, nil},
		{"a big one is written from where it lies", say("a", big, "b"), []int{2, len(big), 3}},
		{"a full room", say(big[:smallRoom-2], "b"), []int{smallRoom - 1, 2}},
		{"a room just full", say(big[:smallRoom-1], "b"), []int{smallRoom, 2}},
		{"one more", say(big[:smallRoom], "b"), []int{smallRoom, 3}},
		{"many big ones", say(big[:chunkSize/2], big[:chunkSize/2], big[:chunkSize/2]), []int{chunkSize + 2, chunkSize/2 + 1}},
		{"a body has nothing around it", append([]Message{{Kind: Verbatim, Data: []byte("{}\n")}}, say("a")...), []int{5}},
		{"a preface has nothing behind it", append([]Message{{Kind: preface, Data: []byte("{}\n")}}, say("a")...), []int{5}},
		{"refused", say("a", "b", "NUL\x00", "c"), []int{4}},
		{"refused at once", say("NUL\x00", "c"), nil},
	} {
		w := &writes{}
		err := (&framedInput{to: w, framer: nullFramer{}}).send(test.batch)
		var sizes []int
		for _, one := range w.all {
			sizes = append(sizes, len(one))
		}
		if !slices.Equal(sizes, test.writes) {
			t.Errorf("%s: writes of %d bytes, want %d", test.name, sizes, test.writes)
		}
		if refused := new(RefusedError); errors.As(err, &refused) != strings.HasPrefix(test.name, "refused") {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	for _, batch := range [][]Message{say("a"), say("a", "NUL\x00"), say(big), say("a", big)} {
		if err := (&framedInput{to: &writes{fails: errBroken}, framer: nullFramer{}}).send(batch); err != errBroken {
			t.Errorf("a failed write is %v", err)
		}
	}
}

// TestFramedMemory: what is endless ends at the limit, whatever it is, and a
// message that is only announced takes no room.
func TestFramedMemory(t *testing.T) {
	const longest = 1 << 20
	for _, test := range []struct {
		name, head string
		kind       Kind
		cutter     cutter
		reads      int // bytes, at most
	}{
		{"no NUL ever", "", Text, &nullCutter{max: longest}, longest + chunkSize + 1},
		{"a prefix of 4 GB", "\xff\xff\xff\xff", Binary, &lengthCutter{max: longest}, chunkSize},
		{"no LF ever", "", Text, &ndjsonCutter{max: longest}, longest + chunkSize + 2},
		{"no header ever", "", Text, newLSPCutter(longest, nil), mostJunk + chunkSize},
		{"a header without end", "Content-Length: 1\r\nX-", Text, newLSPCutter(longest, nil), mostJunk + chunkSize},
		{"a Content-Length of 1e9", "Content-Length: 1000000000\r\n\r\n", Text, newLSPCutter(longest, nil), chunkSize},
		{"a prefix of one more", "\x00\x10\x00\x01", Binary, &lengthCutter{max: longest}, chunkSize},
	} {
		count := &counting{r: io.MultiReader(strings.NewReader(test.head), endless('x'))}
		o := newFramedOutput(eager{R: count}, test.cutter)
		got := sayAll(t, o, &o.in, test.kind, longest)
		if broken := new(brokenError); !errors.As(got.err, &broken) || len(got.messages) > 0 || count.n > test.reads {
			t.Errorf("%s: %d messages, %v, %d bytes read", test.name, len(got.messages), got.err, count.n)
		}
	}
	huge := "\x00\x10\x00\x00" + strings.Repeat("y", longest)
	got := cutAll(t, &lengthCutter{max: longest}, Binary, []byte(huge+huge), []byte{255, 2}, true)
	if len(got.messages) != 2 || got.err != io.EOF {
		t.Errorf("two messages of exactly the limit: %d, %v", len(got.messages), got.err)
	}
	o := newFramedOutput(eager{R: strings.NewReader("\x3f\xff\xff\xffonly this")}, &lengthCutter{max: 1 << 30})
	if got := sayAll(t, o, &o.in, Binary, smallRoom); got.err != errCutOff {
		t.Errorf("a message that is only announced: %v", got.err)
	}
}

// endless reads as one byte for ever.
type endless byte

// Read implements io.Reader.
func (e endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(e)
	}
	return len(b), nil
}

// counting counts the bytes read.
type counting struct {
	r io.Reader
	n int
}

// Read implements io.Reader.
func (c *counting) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += n
	return n, err
}

// TestFramedBatch: what one read brought is one batch, at most mostMessages, and
// no read is made for more.
func TestFramedBatch(t *testing.T) {
	source := &cutReader{text: []byte("a\x00b\x00c\x00d"), sizes: []byte{5, 2}, err: io.EOF}
	o := newFramedOutput(eager{R: source}, &nullCutter{max: 100})
	if batch, err := o.next(); text(batch) != "a+b" || err != nil || string(source.text) != "\x00d" {
		t.Errorf("first batch %q %v, unread %q", text(batch), err, source.text)
	}
	flood := cutAll(t, &nullCutter{max: 100}, Text, bytes.Repeat([]byte{0}, 3*mostMessages), nil, true)
	if len(flood.messages) != 3*mostMessages || flood.err != io.EOF {
		t.Errorf("%d empty messages, %v", len(flood.messages), flood.err)
	}
}
