//go:build unix

package stdio

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/testkit"
)

// newReader returns a Reader of a pipe, and the pipe's other end.
func newReader(t *testing.T) (*Reader, *os.File) {
	t.Helper()
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); from.Close(); to.Close() })
	return r, to
}

// TestStream: a Stream does in each framing what the endpoint of a program does.
func TestStream(t *testing.T) {
	for _, test := range []struct {
		o            Options
		input        string
		messages     string // that are received
		output       string // of these messages
		final        string // error of the last Receive
		kind         bridge.Kind
		junk, refuse string
	}{
		{o: Options{}, input: "a\r\nb\nc", messages: "a+b+c", output: "x\ny\n", final: "EOF", kind: bridge.Text},
		{o: Options{MaxLine: 4}, input: "abcdefgh\n", messages: "abcd+efgh", output: "x\ny\n", final: "EOF", kind: bridge.Text,
			junk: "a line of the input is longer than --maxline and is sent in pieces maxline=4"},
		{o: Options{Framing: FramingRaw}, input: "a\nb", messages: "a\nb", output: "xy", final: "EOF", kind: bridge.Text},
		{o: Options{Binary: true}, input: "a\n\xff", messages: "a\n\xff", output: "x\ny\n", final: "EOF", kind: bridge.Binary},
		{o: Options{Framing: FramingNull}, input: "a\n\x00b", messages: "a\n+b", output: "x\x00y\x00", final: "EOF", kind: bridge.Text},
		{o: Options{Framing: FramingLength}, input: "\x00\x00\x00\x01a", messages: "a", output: "\x00\x00\x00\x01x\x00\x00\x00\x01y", final: "EOF", kind: bridge.Binary},
		{o: Options{Framing: FramingLength}, input: "\x00\x00\x00\x02a", messages: "", output: "\x00\x00\x00\x01x\x00\x00\x00\x01y", final: "input ended inside a message", kind: bridge.Binary},
		{o: Options{Framing: FramingNDJSON}, input: "1\nno\n[2]\n", messages: "1+[2]", output: "", final: "EOF", kind: bridge.Text,
			junk: "this line of the input is no message and is not sent: no", refuse: "x"},
	} {
		in, to := newReader(t)
		var written strings.Builder
		log := new(testkit.LogBook)
		test.o.Log = slog.New(log)
		if test.o.MaxLine == 0 {
			test.o.MaxLine = 1 << 20
		}
		s := NewStream(t.Context(), in, &written, test.o)
		io.WriteString(to, test.input)
		to.Close()
		var got []string
		batch, err := s.Receive()
		for ; err == nil; batch, err = s.Receive() {
			got = append(got, bridgetest.Text(batch))
			if batch[0].Kind != test.kind {
				t.Errorf("%+v: a message of kind %d", test.o, batch[0].Kind)
			}
		}
		if all := strings.Join(got, "+"); all != test.messages || err.Error() != test.final {
			t.Errorf("%q in %q is %q, %v; want %q, %s", test.input, test.o.Framing, all, err, test.messages, test.final)
		}
		if failed := context.Cause(s.Context()); (failed == nil) != (err == io.EOF) {
			t.Errorf("after %v the context is done with %v", err, failed)
		}
		if lines := strings.Join(log.Category("stdin"), "\n"); lines != test.junk {
			t.Errorf("%q: log %q", test.input, lines)
		}
		err = s.Send(bridgetest.Say("x", "y"))
		if refused := new(bridge.RefusedError); errors.As(err, &refused) != (test.refuse != "") || written.String() != test.output {
			t.Errorf("%q: written %q, %v", test.o.Framing, written.String(), err)
		}
		s.Close()
	}
}

// TestStreamEnds: whatever ends the conversation ends a Receive that waits.
func TestStreamEnds(t *testing.T) {
	for name, end := range map[string]func(*Stream){
		"Close":     func(s *Stream) { s.Close() },
		"CloseSend": func(s *Stream) { s.CloseSend(nil) },
	} {
		in, _ := newReader(t)
		s := NewStream(t.Context(), in, io.Discard, Options{MaxLine: 10})
		received := make(chan error, 1)
		go func() {
			_, err := s.Receive()
			received <- err
		}()
		testkit.Eventually(t, "it waits", func() bool {
			if in.reading.TryLock() {
				in.reading.Unlock()
				return false
			}
			return true
		})
		end(s)
		if err := <-received; !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
		s.Close()
	}
}

// TestStreamFails: a write that fails ends the conversation.
func TestStreamFails(t *testing.T) {
	in, _ := newReader(t)
	_, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	to.Close()
	s := NewStream(t.Context(), in, to, Options{MaxLine: 10})
	defer s.Close()
	if err := s.Send(bridgetest.Say("x")); err == nil || context.Cause(s.Context()) != err {
		t.Errorf("%v, and the context is done with %v", err, context.Cause(s.Context()))
	}
}

// TestReaderStalls: a Buffer's Patience bounds a wait, and nothing is lost by it.
func TestReaderStalls(t *testing.T) {
	r, to := newReader(t)
	in := readbuf.Buffer{Source: r, Patience: time.Millisecond}
	if err := in.Fill(); err != readbuf.ErrStalled {
		t.Errorf("nothing came: %v", err)
	}
	io.WriteString(to, "late")
	in.Patience = 0
	if err := in.Fill(); err != nil || string(in.Unread()) != "late" {
		t.Errorf("%q, %v", in.Unread(), err)
	}
	in.Close()
}
