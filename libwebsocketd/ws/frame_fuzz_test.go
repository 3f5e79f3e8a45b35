package ws

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
	"websocketd/libwebsocketd/internal/frame"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/internal/text"
)

// reading is what a reader of frames makes of the other side's bytes.
type reading struct {
	messages []string // each after its kind
	controls []string // each after its opcode; a ping may come before the data before it
	open     string   // of a message that never ended, what was passed on
	code     int      // the close code of the end; 1006 if the bytes just ended
}

var kindNames = map[bridge.Kind]string{bridge.Text: "text:", bridge.Binary: "binary:"}

// ours reads bytes with the frameReader; plain says that they are a server's.
func ours(t *testing.T, sent, cuts []byte, limit int64, takes bridge.Kind, plain bool) (r reading) {
	t.Helper()
	f := newFrameReader(bridgetest.Eager{R: &testkit.CutReader{Text: sent, Sizes: cuts, Err: io.EOF}}, limit, takes)
	f.plain = plain
	f.control = func(opcode byte, payload []byte) error {
		if opcode != frame.OpClose {
			r.controls = append(r.controls, fmt.Sprintf("%x:%s", opcode, payload))
			return nil
		}
		code, err := closeCode(payload)
		if err != nil {
			return err
		}
		return &bridge.CloseError{Code: code}
	}
	for {
		batch, err := f.Next()
		for _, m := range batch {
			if m.Kind&takes == 0 || m.More && limit >= 0 {
				t.Fatalf("a message of kind %d, more %v", m.Kind, m.More)
			}
			if m.Kind == bridge.Text && !utf8.Valid(m.Data) {
				t.Fatalf("%q is passed on", m.Data)
			}
			if r.open += string(m.Data); !m.More {
				r.messages = append(r.messages, kindNames[m.Kind]+r.open)
				r.open = ""
			}
		}
		switch err := err.(type) {
		case nil:
			continue
		case *bridge.CloseError:
			r.code = err.Code
		case *bridge.RefusedError:
			r.code = err.Code
		default:
			if r.code = bridge.CloseAbnormal; err == errTooBig {
				r.code = bridge.CloseMessageTooBig
			}
		}
		return r
	}
}

// theirs reads the same with gorilla, and checks UTF-8 as it arrives.
func theirs(sent []byte, limit int64, takes bridge.Kind, plain bool) (r reading) {
	ws := gorillaServer(bytes.NewReader(sent), io.Discard)
	if plain {
		ws = gorillaClient(bytes.NewReader(sent))
	}
	ws.SetReadLimit(limit)
	note := func(opcode byte) func(string) error {
		return func(payload string) error {
			r.controls = append(r.controls, fmt.Sprintf("%x:%s", opcode, payload))
			return nil
		}
	}
	ws.SetPingHandler(note(frame.OpPing))
	ws.SetPongHandler(note(frame.OpPong))
	ws.SetCloseHandler(func(int, string) error { return nil })
	for {
		kind, message, err := ws.NextReader()
		if err == nil && bridge.Kind(kind)&takes == 0 {
			_, err = io.Copy(io.Discard, message)
		} else if err == nil {
			err = r.takeTheirs(message, limit, bridge.Kind(kind))
		}
		var closed *websocket.CloseError
		switch {
		case err == nil:
			continue
		case errors.As(err, &closed):
			r.code = closed.Code
		case errors.Is(err, websocket.ErrReadLimit):
			r.code = bridge.CloseMessageTooBig
		case err == errNotUTF8:
			r.code = bridge.CloseInvalidPayload
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			r.code = bridge.CloseAbnormal
		default:
			r.code = bridge.CloseProtocolError
		}
		return r
	}
}

func (r *reading) takeTheirs(message io.Reader, limit int64, kind bridge.Kind) error {
	var data []byte
	for b := make([]byte, 512); ; {
		n, err := message.Read(b)
		data = append(data, b[:n]...)
		valid, ok := len(data), true
		if kind == bridge.Text {
			valid, ok = text.ValidPrefix(data)
		}
		if limit < 0 {
			r.open = string(data[:valid])
		}
		if !ok || err == io.EOF && valid < len(data) {
			return errNotUTF8
		}
		if err == io.EOF {
			r.open = ""
			r.messages = append(r.messages, kindNames[kind]+string(data))
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// inMemory is a connection whose two directions have nothing to do with each other.
type inMemory struct {
	net.Conn
	io.Reader
	io.Writer
}

func (c inMemory) Read(b []byte) (int, error) { return c.Reader.Read(b) }

func (c inMemory) Write(b []byte) (int, error) { return c.Writer.Write(b) }

func (inMemory) Close() error { return nil }

func (inMemory) SetDeadline(time.Time) error { return nil }

func (inMemory) SetWriteDeadline(time.Time) error { return nil }

// afterHandshake passes on what is written after the 101.
type afterHandshake struct {
	io.Writer
	done bool
}

func (w *afterHandshake) Write(b []byte) (int, error) {
	if !w.done {
		w.done = true
		return len(b), nil
	}
	return w.Writer.Write(b)
}

// gorillaServer returns gorilla's end of an upgraded connection.
func gorillaServer(from io.Reader, to io.Writer) *websocket.Conn {
	c := inMemory{Reader: from, Writer: &afterHandshake{Writer: to}}
	r := &http.Request{Method: "GET", Header: http.Header{
		"Upgrade": {"websocket"}, "Connection": {"upgrade"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}}}
	upgrader := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: gorillaFragment}
	ws, err := upgrader.Upgrade(taken{conn: c, rw: bufio.NewReadWriter(bufio.NewReader(c), bufio.NewWriter(c))}, r, nil)
	if err != nil {
		panic(err)
	}
	return ws
}

// gorillaClient returns gorilla's end of a connection to a server.
func gorillaClient(from io.Reader) *websocket.Conn {
	answer, key := new(bytes.Buffer), new(bytes.Buffer)
	c := inMemory{Reader: io.MultiReader(answer, from), Writer: writer(func(b []byte) {
		key.Write(b)
		if r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(key.Bytes()))); err == nil {
			fmt.Fprintf(answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", acceptKey(r.Header.Get("Sec-WebSocket-Key")))
		}
	})}
	d := websocket.Dialer{ReadBufferSize: 1024, NetDial: func(string, string) (net.Conn, error) { return c, nil }}
	ws, _, err := d.Dial("ws://a.com/", nil)
	if err != nil {
		panic(err)
	}
	return ws
}

// acceptKey returns the answer to a key (RFC 6455 section 4.2.2).
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// writer is a function as an io.Writer.
type writer func([]byte)

func (w writer) Write(b []byte) (int, error) {
	w(b)
	return len(b), nil
}

// gorillaFragment is what gorilla puts into one frame of a message written in small
// pieces.
const gorillaFragment = 300

// framesOf makes frames of nearly any bytes, most of them good, so that mutations
// get past the first header. Three bytes are a frame: first byte, length, mask. plain
// frames have no mask.
func framesOf(script []byte, plain bool) (sent []byte) {
	open := false
	for ; len(script) >= 3; script = script[3:] {
		first, size, seed := script[0], int(script[1]), script[2]
		if seed&1 == 0 { // a frame in its place
			kind := []byte{1, 2, 9, 10}[first>>1&3]
			if first&0x40 != 0 {
				kind = 1
			}
			final := first&1 != 0
			if kind < 8 && open {
				kind = 0
			}
			if kind >= 8 {
				final = true
				size &= 0x7f
			} else {
				open = !final
			}
			if first = kind; final {
				first |= frame.FinalBit
			}
		}
		if size > 0x80 && first&frame.OpClose == 0 {
			size = (size - 0x80) * 20
		}
		payload := bytes.Repeat([]byte{'a' + seed>>4, 0xc3, 0xa4}[:1+2*int(seed>>1&1)], size)[:size]
		if plain {
			sent = append(frame.AppendHeader(sent, first, len(payload)), payload...)
		} else {
			sent = appendMasked(sent, first, payload, [4]byte{seed, seed >> 1, ^seed, first})
		}
	}
	return append(sent, script...)
}

func appendMasked(sent []byte, first byte, payload []byte, mask [4]byte) []byte {
	start := len(sent)
	sent = frame.AppendHeader(sent, first, len(payload))
	sent[start+1] |= maskBit
	sent = append(sent, mask[:]...)
	for i, c := range payload {
		sent = append(sent, c^mask[i&3])
	}
	return sent
}

// FuzzFrames: whatever a client sends, in whatever pieces it arrives, we make of
// it what gorilla does: the same messages, the same control frames, the same end.
func FuzzFrames(f *testing.F) {
	for _, sent := range [][]byte{
		clientFrames(aText+"a", aPing+"p", textBegin+"\xe2\x82", textMore, textEnd+"\xac", aBinary+"\xff", aClose+"\x03\xe8bye"),
		clientFrames(aText + strings.Repeat("x", 130)), clientFrames(aText+"b\xff", aText), clientFrames(aClose + "\x03"), clientFrames(textEnd),
		appendMasked(nil, 0x81, []byte("masked \u20ac"), [4]byte{1, 2, 3, 4}), []byte("\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00x"),
		bytes.Repeat(appendMasked(nil, 0x81, []byte("0123456789"), [4]byte{9, 8, 7, 6}), 50),
	} {
		f.Add(sent, []byte(nil), []byte(nil), int16(100), byte(0))
		f.Add(sent, []byte(nil), []byte{5}, int16(100), byte(2))
		f.Add(sent, []byte("\x83\x10\x02\xc0\xff\x12\x01\x05\x04"), []byte{1, 3, 200}, int16(-1), byte(1))
	}
	f.Fuzz(func(t *testing.T, sent, script, cuts []byte, limit int16, kinds byte) {
		compareReading(t, sent, script, cuts, limit, kinds, false)
	})
}

// FuzzServerFrames: the same of what a server sends.
func FuzzServerFrames(f *testing.F) {
	for _, sent := range [][]byte{
		[]byte("\x81\x01a\x89\x01p\x01\x02\xe2\x82\x00\x00\x80\x01\xac\x82\x01\xff\x88\x05\x03\xe8bye"),
		[]byte("\x81\x02b\xff\x81\x00"), []byte("\x88\x01\x03"), []byte("\x80\x01x"), []byte("\x88\x00"),
		[]byte("\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00x"), append([]byte("\x81\x7e\x00\x82"), bytes.Repeat([]byte("x"), 130)...),
		appendMasked(nil, 0x81, []byte("masked"), [4]byte{1, 2, 3, 4}), bytes.Repeat([]byte("\x81\x0a0123456789"), 50),
	} {
		f.Add(sent, []byte(nil), []byte(nil), int16(100), byte(2))
		f.Add(sent, []byte("\x83\x10\x02\xc0\xff\x12\x01\x05\x04"), []byte{1, 3, 200}, int16(-1), byte(0))
	}
	f.Fuzz(func(t *testing.T, sent, script, cuts []byte, limit int16, kinds byte) {
		compareReading(t, sent, script, cuts, limit, kinds, true)
	})
}

// compareReading demands that we read what gorilla reads.
func compareReading(t *testing.T, sent, script, cuts []byte, limit int16, kinds byte, plain bool) {
	t.Helper()
	sent = append(framesOf(script, plain), sent...)
	if len(sent) > 64<<10 || limit == 0 {
		return
	}
	takes := bridge.Text + bridge.Kind(kinds)%3 // Text, Binary, or both
	want := theirs(bytes.Clone(sent), int64(limit), takes, plain)
	got := ours(t, bytes.Clone(sent), cuts, int64(limit), takes, plain)
	empty := []byte{0x88, 0x81}
	if plain {
		empty = []byte{0x88, 0x01}
	}
	if want.code == bridge.CloseNoStatus && got.code == bridge.CloseProtocolError && bytes.Contains(sent, empty) {
		got.code = bridge.CloseNoStatus // gorilla takes a close frame with one byte for one with none
	}
	if !slices.Equal(got.messages, want.messages) || !slices.Equal(got.controls, want.controls) || got.open != want.open || got.code != want.code {
		t.Errorf("% .2000x, limit %d, pieces of % x:\ngot  %.1000q\nwant %.1000q", sent, limit, cuts, fmt.Sprint(got), fmt.Sprint(want))
	}
}
