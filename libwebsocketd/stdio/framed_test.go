package stdio

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/testkit"
)

// said is what an output made of a text: its messages, and why there are no more.
type said struct {
	messages []string
	err      error
}

// sayAll reads an output to its end, and looks at every batch on the way.
func sayAll(t *testing.T, o output, in *readbuf.Buffer, kind bridge.Kind, most int) (s said) {
	t.Helper()
	for {
		batch, err := o.Next()
		for _, m := range batch {
			if m.Kind != kind || m.More {
				t.Fatalf("a message of kind %d, more %v", m.Kind, m.More)
			}
			if m.Kind == bridge.Text && !utf8.Valid(m.Data) {
				t.Fatalf("the text message %q", m.Data)
			}
			s.messages = append(s.messages, string(m.Data))
		}
		if in.Held() > max(readbuf.LargeBlock, most+readbuf.KeptSize) {
			t.Fatalf("a buffer of %d bytes for messages of %d", in.Held(), most)
		}
		switch {
		case err != nil && len(batch) > 0, err == nil && len(batch) == 0, len(batch) > readbuf.MaxBatch:
			t.Fatalf("%d messages and the error %v", len(batch), err)
		case err == nil:
			continue
		}
		if again, twice := o.Next(); twice != err || len(again) > 0 || in.Held() > 0 {
			t.Fatalf("after %v: %d messages, %v, room %v", err, len(again), twice, in.Held() > 0)
		}
		s.err = err
		return s
	}
}

// cutAll returns what a cutter makes of text that comes in reads of any size.
func cutAll(t *testing.T, c cutter, kind bridge.Kind, text, sizes []byte, withLast bool) said {
	t.Helper()
	o := newFramedOutput(bridgetest.Eager{R: &testkit.CutReader{Text: text, Sizes: sizes, WithLast: withLast, Err: io.EOF}}, c)
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
func checkFramed(t *testing.T, kind bridge.Kind, table []framed, newCutter func() cutter) {
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

// frameAll returns what a framer makes of messages, and the close code of the end.
func frameAll(f framer, batch ...bridge.Message) (text string, code int) {
	w := &writes{}
	err := (&framedInput{to: w, framer: f}).Send(batch)
	if refused := new(bridge.RefusedError); errors.As(err, &refused) {
		code = refused.Code
	}
	return w.text(), code
}

// TestFramedInput: as few writes as possible, whatever the sizes; what comes before a
// message that is refused is written, nothing of it and nothing after it.
func TestFramedInput(t *testing.T) {
	big := strings.Repeat("x", 3*readbuf.BlockSize)
	for _, test := range []struct {
		name   string
		batch  []bridge.Message
		writes []int // their sizes
	}{
		{"many are one write", bridgetest.Say("a", "", "b"), []int{2 + 1 + 2}},
		{"none", nil, nil},
		{"a big one is written from where it lies", bridgetest.Say("a", big, "b"), []int{2, len(big), 3}},
		{"a full room", bridgetest.Say(big[:readbuf.SmallBlock-2], "b"), []int{readbuf.SmallBlock - 1, 2}},
		{"a room just full", bridgetest.Say(big[:readbuf.SmallBlock-1], "b"), []int{readbuf.SmallBlock, 2}},
		{"one more", bridgetest.Say(big[:readbuf.SmallBlock], "b"), []int{readbuf.SmallBlock, 3}},
		{"many big ones", bridgetest.Say(big[:readbuf.BlockSize/2], big[:readbuf.BlockSize/2], big[:readbuf.BlockSize/2]), []int{readbuf.BlockSize + 2, readbuf.BlockSize/2 + 1}},
		{"a body has nothing around it", append([]bridge.Message{{Kind: bridge.Verbatim, Data: []byte("{}\n")}}, bridgetest.Say("a")...), []int{5}},
		{"a preface has nothing behind it", append([]bridge.Message{{Kind: bridge.Preface, Data: []byte("{}\n")}}, bridgetest.Say("a")...), []int{5}},
		{"refused", bridgetest.Say("a", "b", "NUL\x00", "c"), []int{4}},
		{"refused at once", bridgetest.Say("NUL\x00", "c"), nil},
	} {
		w := &writes{}
		err := (&framedInput{to: w, framer: nullFramer{}}).Send(test.batch)
		var sizes []int
		for _, one := range w.all {
			sizes = append(sizes, len(one))
		}
		if !slices.Equal(sizes, test.writes) {
			t.Errorf("%s: writes of %d bytes, want %d", test.name, sizes, test.writes)
		}
		if refused := new(bridge.RefusedError); errors.As(err, &refused) != strings.HasPrefix(test.name, "refused") {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	for _, batch := range [][]bridge.Message{bridgetest.Say("a"), bridgetest.Say("a", "NUL\x00"), bridgetest.Say(big), bridgetest.Say("a", big)} {
		if err := (&framedInput{to: &writes{fails: testkit.ErrBroken}, framer: nullFramer{}}).Send(batch); err != testkit.ErrBroken {
			t.Errorf("a failed write is %v", err)
		}
	}
}

// TestFramedMemory: endless output of any kind ends at the limit, and a message that is
// only announced takes no memory.
func TestFramedMemory(t *testing.T) {
	const longest = 1 << 20
	for _, test := range []struct {
		name, head string
		kind       bridge.Kind
		cutter     cutter
		reads      int // bytes, at most
	}{
		{"no NUL ever", "", bridge.Text, &nullCutter{max: longest}, longest + readbuf.BlockSize + 1},
		{"a prefix of 4 GB", "\xff\xff\xff\xff", bridge.Binary, &lengthCutter{max: longest}, readbuf.BlockSize},
		{"no LF ever", "", bridge.Text, &ndjsonCutter{max: longest}, longest + readbuf.BlockSize + 2},
		{"no header ever", "", bridge.Text, newLSPCutter(longest, nil), mostJunk + readbuf.BlockSize},
		{"a header without end", "Content-Length: 1\r\nX-", bridge.Text, newLSPCutter(longest, nil), mostJunk + readbuf.BlockSize},
		{"a Content-Length of 1e9", "Content-Length: 1000000000\r\n\r\n", bridge.Text, newLSPCutter(longest, nil), readbuf.BlockSize},
		{"a prefix of one more", "\x00\x10\x00\x01", bridge.Binary, &lengthCutter{max: longest}, readbuf.BlockSize},
	} {
		count := &counting{r: io.MultiReader(strings.NewReader(test.head), endless('x'))}
		o := newFramedOutput(bridgetest.Eager{R: count}, test.cutter)
		got := sayAll(t, o, &o.in, test.kind, longest)
		if broken := new(bridge.BrokenError); !errors.As(got.err, &broken) || len(got.messages) > 0 || count.n > test.reads {
			t.Errorf("%s: %d messages, %v, %d bytes read", test.name, len(got.messages), got.err, count.n)
		}
	}
	huge := "\x00\x10\x00\x00" + strings.Repeat("y", longest)
	got := cutAll(t, &lengthCutter{max: longest}, bridge.Binary, []byte(huge+huge), []byte{255, 2}, true)
	if len(got.messages) != 2 || got.err != io.EOF {
		t.Errorf("two messages of exactly the limit: %d, %v", len(got.messages), got.err)
	}
	o := newFramedOutput(bridgetest.Eager{R: strings.NewReader("\x3f\xff\xff\xffonly this")}, &lengthCutter{max: 1 << 30})
	if got := sayAll(t, o, &o.in, bridge.Binary, readbuf.SmallBlock); got.err != errCutOff {
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
	source := &testkit.CutReader{Text: []byte("a\x00b\x00c\x00d"), Sizes: []byte{5, 2}, Err: io.EOF}
	o := newFramedOutput(bridgetest.Eager{R: source}, &nullCutter{max: 100})
	if batch, err := o.Next(); bridgetest.Text(batch) != "a+b" || err != nil || string(source.Text) != "\x00d" {
		t.Errorf("first batch %q %v, unread %q", bridgetest.Text(batch), err, source.Text)
	}
	flood := cutAll(t, &nullCutter{max: 100}, bridge.Text, bytes.Repeat([]byte{0}, 3*readbuf.MaxBatch), nil, true)
	if len(flood.messages) != 3*readbuf.MaxBatch || flood.err != io.EOF {
		t.Errorf("%d empty messages, %v", len(flood.messages), flood.err)
	}
}
