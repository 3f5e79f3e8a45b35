package ws

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
	"websocketd/libwebsocketd/internal/exit"
	"websocketd/libwebsocketd/internal/testkit"
)

// clientFrames makes the frames of a client: its masks are zero.
func clientFrames(parts ...string) (frames []byte) {
	for _, part := range parts {
		first, payload := part[0], part[1:]
		switch n := len(payload); {
		case n < 126:
			frames = append(frames, first, 0x80|byte(n))
		case n < 1<<16:
			frames = binary.BigEndian.AppendUint16(append(frames, first, 0x80|126), uint16(n))
		default:
			frames = binary.BigEndian.AppendUint64(append(frames, first, 0x80|127), uint64(n))
		}
		frames = append(append(frames, 0, 0, 0, 0), payload...)
	}
	return frames
}

// First bytes of frames, as clientFrames takes them.
const (
	aText     = "\x81"
	aBinary   = "\x82"
	textBegin = "\x01"
	textMore  = "\x00"
	textEnd   = "\x80"
	aClose    = "\x88"
	aPing     = "\x89"
)

// received is what an endpoint makes of a client's bytes: the pieces joined per
// message, how it ended, and what the client was sent.
type received struct {
	messages []string
	open     string // a message that never ended
	err      error
	sent     []wireFrame
}

// receive writes a client's bytes, in writes of at most size, and ends.
func receive(t *testing.T, o Options, log *testkit.LogBook, sent []byte, size int) (got received) {
	t.Helper()
	p := tcpPair(t)
	o.Log = slog.New(log)
	w := p.endpoint(t, o)
	defer w.Close()
	go func() {
		for len(sent) > 0 {
			n, err := p.wire.Write(sent[:min(size, len(sent))])
			if err != nil {
				return
			}
			sent = sent[n:]
		}
		p.wire.(interface{ CloseWrite() error }).CloseWrite()
	}()
	answers := make(chan []wireFrame, 1)
	go func() {
		var frames []wireFrame
		for {
			f, err := readFrame(t, p.wire)
			if err != nil {
				answers <- frames
				return
			}
			frames = append(frames, f)
		}
	}()
	for got.err == nil {
		var batch []bridge.Message
		if batch, got.err = w.Receive(); got.err == nil && len(batch) == 0 {
			t.Fatal("no message and no error")
		}
		for _, m := range batch {
			if got.open += string(m.Data); !m.More {
				got.messages = append(got.messages, got.open)
				got.open = ""
			}
		}
	}
	w.Close()
	got.sent = <-answers
	return got
}

// refusesKind refuses messages of the other kind, as a program does.
func refusesKind() error {
	return &bridge.RefusedError{Code: bridge.CloseUnsupportedData, Reason: "not this kind"}
}

// TestReceive checks what the program gets of a client's bytes, sent whole and one by one.
func TestReceive(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	closed := clientFrames(aClose + "\x03\xe8") // 1000
	for _, test := range []struct {
		name   string
		cfg    Options
		frames []byte
		want   string // joined by |
		code   int    // of what the client is sent; 0 is no close frame
		cause  string // part of the error
	}{
		{"messages", Options{}, clientFrames(aText+"a", aText, aText+"b\nc"), "a||b\nc", 1000, "client closed: 1000"},
		{"fragments", Options{}, clientFrames(textBegin+"a", aPing+"p", textMore, textEnd+"b"), "ab", 1000, ""},
		{"long", Options{}, clientFrames(aText+long, aText+long+long), long + "|" + long + long, 1000, ""},
		{"characters over fragments", Options{}, clientFrames(textBegin+"\xe2\x82", textEnd+"\xac", aText+"\U0001f600"), "\u20ac|\U0001f600", 1000, ""},
		{"the other kind", Options{}, clientFrames(aBinary+"\xff", aText+"a", aBinary+"x"), "a", 1000, ""},
		{"the other kind of binary", Options{Takes: bridge.Binary}, clientFrames(aText+"x", aBinary+"\xff", aText+"\xff"), "\xff", 1000, ""},
		{"both kinds", Options{Takes: bridge.BothKinds}, clientFrames(aText+"x", aBinary+"\xff", aPing+"p", aText+"y"), "x|\xff|y", 1000, ""},
		{"both kinds, not UTF-8", Options{Takes: bridge.BothKinds}, clientFrames(aText+"x", aBinary+"\xff", aText+"\xff"), "x|\xff", 1007, "UTF-8"},
		{"bytes that are no JSON", Options{Other: refusesKind}, clientFrames(aText+"1", aBinary+"2", aText+"3"), "1", 1003, "not this kind"},
		{"bytes that are no LSP, and too many", Options{Other: refusesKind, MaxMessage: 5}, clientFrames(aBinary + long), "", 1003, "not this kind"},
		{"not UTF-8", Options{}, clientFrames(aText+"a", aText+"b\xff", aText+"c"), "a", 1007, "UTF-8"},
		{"not UTF-8 at its end", Options{}, clientFrames(aText + "b\xe2\x82"), "", 1007, "UTF-8"},
		{"a surrogate", Options{}, clientFrames(aText + "\xed\xa0\x80"), "", 1007, "UTF-8"},
		{"as large as allowed", Options{MaxMessage: 5}, clientFrames(aText+"12345", textBegin+"123", textEnd+"45"), "12345|12345", 1000, ""},
		{"too large", Options{MaxMessage: 5}, clientFrames(aText+"12345", aText+"123456", aText+"7"), "12345", 1009, "--maxframesize=5"},
		{"too large together", Options{MaxMessage: 5}, clientFrames(textBegin+"1234", textEnd+"56"), "", 1009, "--maxframesize=5"},
		{"far too large", Options{}, []byte("\x81\xff\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00x"), "", 1009, "--maxframesize"},
		{"a length that is none", Options{}, []byte("\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00x"), "", 1009, ""},
		{"a length that is none, without limit", Options{MaxMessage: -1}, []byte("\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00x"), "", 1009, ""},
		{"without limit", Options{MaxMessage: -1, Takes: bridge.Binary}, clientFrames(aBinary+long+long+long, aBinary, aBinary+"a"), long + long + long + "||a", 1000, ""},
		{"without limit, text", Options{MaxMessage: -1}, clientFrames(textBegin+"\xe2", textMore+"\x82", textEnd+"\xac", aText), "\u20ac|", 1000, ""},
		{"without limit, not UTF-8", Options{MaxMessage: -1}, clientFrames(aText + "ab\xffc"), "", 1007, "UTF-8"},
		{"without limit, cut character", Options{MaxMessage: -1}, clientFrames(textBegin+"ab\xe2", textEnd), "", 1007, "UTF-8"},
		{"not masked", Options{}, []byte("\x81\x01a"), "", 1002, "MASK"},
		{"reserved bit", Options{}, clientFrames("\xc1x"), "", 1002, "RSV1"},
		{"reserved opcode", Options{}, clientFrames("\x83x"), "", 1002, "opcode"},
		{"no beginning", Options{}, clientFrames(textEnd + "x"), "", 1002, "continuation"},
		{"bad close code", Options{}, clientFrames(aClose + "\x03\xed"), "", 1002, "close code"},
	} {
		for _, size := range []int{1 << 20, 7, 1} {
			log := new(testkit.LogBook)
			got := receive(t, test.cfg, log, append(bytes.Clone(test.frames), closed...), size)
			if all := strings.Join(got.messages, "|"); all != test.want {
				t.Errorf("%s, writes of %d: received %.60q, want %.60q", test.name, size, all, test.want)
			}
			if got.open != "" && test.code != 1007 {
				t.Errorf("%s, writes of %d: %.60q never ended", test.name, size, got.open)
			}
			if got.err == nil || !strings.Contains(got.err.Error(), test.cause) {
				t.Errorf("%s, writes of %d: the end is %v, want %q", test.name, size, got.err, test.cause)
			}
			var last wireFrame
			if n := len(got.sent); n > 0 {
				last = got.sent[n-1]
			}
			if last.first != 0x88 || len(last.payload) < 2 || int(binary.BigEndian.Uint16([]byte(last.payload))) != test.code {
				t.Errorf("%s, writes of %d: the client is sent %q, want a close with %d", test.name, size, got.sent, test.code)
			}
			if n := len(log.Category("websocket")); strings.Contains(test.name, "other kind") && n != 1 || n > 1 {
				t.Errorf("%s: the log says it %d times", test.name, n)
			}
		}
	}
}

// TestReceivePing: a ping is answered with its payload, a close without a code
// by one without, the end of the connection by nothing.
func TestReceivePing(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		string(clientFrames(aPing+"hello", aText+"a", aClose)):        "8a:hello 88:",
		string(clientFrames(aClose+"\x0f\xa1why", aText+"a")):         "88:\x0f\xa1",
		string(clientFrames(aText + "a")):                             "",
		string(clientFrames(aPing)) + string(clientFrames(aPing)[:3]): "8a:",
	} {
		got := receive(t, Options{}, new(testkit.LogBook), []byte(sent), 1<<20)
		var answers []string
		for _, f := range got.sent {
			answers = append(answers, string("0123456789abcdef"[f.first>>4])+string("0123456789abcdef"[f.first&15])+":"+f.payload)
		}
		if all := strings.Join(answers, " "); all != want {
			t.Errorf("%q is answered by %q, want %q", sent, all, want)
		}
		var closed *bridge.CloseError
		if !errors.As(got.err, &closed) {
			t.Errorf("%q ends with %v", sent, got.err)
		}
	}
}

// TestBatches: messages that have arrived together are received together.
func TestBatches(t *testing.T) {
	t.Parallel()
	p := pipePair(t)
	w := p.endpoint(t, Options{})
	go p.wire.Write(clientFrames(aText+"a", aText+"b", aText+"c", textBegin+"d"))
	batch, err := w.Receive()
	if bridgetest.Text(batch) != "a+b+c" || err != nil {
		t.Errorf("%q, %v", bridgetest.Text(batch), err)
	}
	go p.wire.Write(clientFrames(textEnd + "e"))
	if batch, err := w.Receive(); bridgetest.Text(batch) != "de" || err != nil {
		t.Errorf("%q, %v", bridgetest.Text(batch), err)
	}
}

// TestSendLast: the last message comes after all others and with the close frame, whatever
// that says, and not before; nothing comes after it.
func TestSendLast(t *testing.T) {
	t.Parallel()
	p := tcpPair(t)
	w := p.endpoint(t, Options{})
	large := strings.Repeat("r", 1<<17)
	if err := w.SendLast(bridge.Message{Kind: bridge.Binary, Data: []byte(large)}); err != nil {
		t.Error(err)
	}
	w.Send(bridgetest.Say("a"))
	if got, err := readFrame(t, p.wire); got != (wireFrame{0x81, "a"}) || err != nil {
		t.Errorf("%x %.20q, %v", got.first, got.payload, err)
	}
	go w.CloseSend(&bridge.CloseWith{Code: bridge.CloseNormal})
	for _, want := range []wireFrame{{0x82, large}, {0x88, "\x03\xe8"}} {
		if got, err := readFrame(t, p.wire); got != want || err != nil {
			t.Errorf("%x %.20q, %v; want %x %.20q", got.first, got.payload, err, want.first, want.payload)
		}
	}
	if err := w.SendLast(bridge.Message{Kind: bridge.Binary}); !errors.Is(err, ErrFinished) {
		t.Errorf("SendLast after CloseSend: %v", err)
	}
	w.Close()
}

// TestCloseSendAndClose: what was sent is delivered, then the close frame, then
// nothing; Close unblocks Receive and ends the Context.
func TestCloseSendAndClose(t *testing.T) {
	t.Parallel()
	p := tcpPair(t)
	w := p.endpoint(t, Options{})
	w.Send(bridgetest.Say("a", "b"))
	w.CloseSend(&bridge.EndedError{Ending: exit.Ending{Code: 3}})
	if err := w.Send(bridgetest.Say("c")); !errors.Is(err, ErrFinished) {
		t.Errorf("Send after CloseSend: %v", err)
	}
	for _, want := range []wireFrame{{0x81, "a"}, {0x81, "b"}, {0x88, "\x0f\xa3exit status 3"}} {
		if got, err := readFrame(t, p.wire); got != want || err != nil {
			t.Errorf("%x %q, %v; want %x %q", got.first, got.payload, err, want.first, want.payload)
		}
	}
	if rest, err := io.ReadAll(p.wire); len(rest) > 0 || err != nil {
		t.Errorf("behind the close frame: % x, %v", rest, err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := w.Receive()
		done <- err
	}()
	w.Close()
	w.Close()
	testkit.Within(t, testkit.Patience, "Receive", func() {
		if err := <-done; err == nil {
			t.Error("Receive has no error after Close")
		}
	})
	if context.Cause(w.Context()) == nil {
		t.Error("the context is not done")
	}
}

// TestDeadClient: a client whose system answers with a reset is gone, for Send
// and for the context.
func TestDeadClient(t *testing.T) {
	t.Parallel()
	p := tcpPair(t)
	w := p.endpoint(t, Options{})
	p.wire.(interface{ SetLinger(int) error }).SetLinger(0)
	p.wire.Close()
	testkit.Eventually(t, "Send fails", func() bool { return w.Send(bridgetest.Say("x")) != nil })
	var closed *bridge.CloseError
	if cause := context.Cause(w.Context()); !errors.As(cause, &closed) || closed.Code != 1006 {
		t.Errorf("the context's cause is %v", cause)
	}
}

// TestPongsWhileBlocked: a ping is answered although a batch is stuck before it.
func TestPongsWhileBlocked(t *testing.T) {
	t.Parallel()
	p := pipePair(t)
	w := p.endpoint(t, Options{})
	sent := blockedSend(t, p, bridgetest.Say("stuck"))
	go p.wire.Write(clientFrames(aPing+"p", aText+"in"))
	if batch, err := w.Receive(); err != nil || bridgetest.Text(batch) != "in" {
		t.Errorf("%q, %v", bridgetest.Text(batch), err)
	}
	first, _ := readFrame(t, p.wire)
	second, err := readFrame(t, p.wire)
	if first != (wireFrame{0x81, "stuck"}) || second != (wireFrame{0x8a, "p"}) || err != nil {
		t.Errorf("%q, then %q, %v", first, second, err)
	}
	<-sent
}
