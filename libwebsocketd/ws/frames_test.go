package ws

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
	"websocketd/libwebsocketd/internal/frame"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/internal/text"
)

// edges are payload lengths where something changes: the form of a length, what is copied
// and what is written from where it lies, a block.
var edges = []int{0, 1, 125, 126, 127, largePayload - 1, largePayload, 1<<16 - 1, 1 << 16, readbuf.BlockSize + 1, 200 << 10}

// randomBatch makes messages, some of them in pieces. More says whether the last
// piece of the batch before was not its message's last.
func randomBatch(random *rand.Rand, more *bridge.Message) (batch []bridge.Message) {
	for range random.IntN(6) {
		m := bridge.Message{Kind: bridge.Kind(1 + random.IntN(2)), More: random.IntN(3) == 0}
		if more.More {
			m.Kind = more.Kind
		}
		size := random.IntN(200)
		if random.IntN(3) == 0 {
			size = edges[random.IntN(len(edges))]
		}
		m.Data = bytes.Repeat([]byte{byte('a' + random.IntN(26)), byte('a' + random.IntN(26)), 'x'}, size/3+1)[:size]
		batch = append(batch, m)
		*more = m
	}
	return batch
}

// TestFrames: whatever is sent in whatever batches and pieces, gorilla's client reads the
// same messages, with pings anywhere between.
func TestFrames(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 1))
		p := pipePair(t)
		if seed%2 == 0 {
			p = tcpPair(t)
		}
		var batches [][]bridge.Message
		var last bridge.Message
		for range 10 {
			batches = append(batches, randomBatch(random, &last))
		}
		batches = append(batches, []bridge.Message{{Kind: last.Kind, Data: []byte("end")}}) // ends an open message
		sent := make(chan error, 1)
		go func() { sent <- sendAll(p, batches) }()
		pings := 0
		p.client.SetPingHandler(func(string) error { pings++; return nil })
		p.client.SetCloseHandler(func(int, string) error { return nil }) // our end reads nothing
		for _, want := range whole(batches) {
			kind, data, err := p.client.ReadMessage()
			if err != nil || bridge.Kind(kind) != want.Kind || !bytes.Equal(data, want.Data) {
				t.Fatalf("seed %d: message of kind %d with %d bytes, %v; want kind %d with %d bytes",
					seed, kind, len(data), err, want.Kind, len(want.Data))
			}
		}
		if _, _, err := p.client.ReadMessage(); !websocket.IsCloseError(err, 1000) {
			t.Errorf("seed %d: the end is %v", seed, err)
		}
		if err := <-sent; err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		if pings != len(batches) {
			t.Errorf("seed %d: %d pings, want %d", seed, pings, len(batches))
		}
	}
}

func sendAll(p *pair, batches [][]bridge.Message) error {
	for _, batch := range batches {
		if err := errors.Join(p.conn.Send(batch), p.conn.sendControl(frame.OpPing, []byte("p"))); err != nil {
			return err
		}
	}
	return p.conn.sendClose(1000, "")
}

// whole puts pieces together.
func whole(batches [][]bridge.Message) (messages []bridge.Message) {
	var open bridge.Message
	for _, m := range slices.Concat(batches...) {
		open.Kind = m.Kind
		open.Data = append(open.Data, m.Data...)
		if !m.More {
			messages = append(messages, open)
			open = bridge.Message{}
		}
	}
	return messages
}

// TestHeaders reads every form of header back.
func TestHeaders(t *testing.T) {
	for _, size := range edges {
		for _, kind := range []bridge.Kind{bridge.Text, bridge.Binary} {
			for _, flags := range [][2]bool{{false, false}, {false, true}, {true, false}, {true, true}} {
				more, middle := flags[0], flags[1]
				m := bridge.Message{Kind: kind, More: more, Data: make([]byte, size)}
				got, err := readFrame(t, bytes.NewReader(append(frame.AppendHeader(nil, firstByte(&m, middle), size), m.Data...)))
				opcode, final := byte(kind), byte(0x80)
				if middle {
					opcode = 0
				}
				if more {
					final = 0
				}
				if err != nil || got.first != opcode|final || len(got.payload) != size {
					t.Errorf("%d bytes, more %v, middle %v: % x, %d bytes, %v", size, more, middle, got.first, len(got.payload), err)
				}
			}
		}
	}
}

// blockedSend begins to send a batch that the client does not read, and returns when the
// writer holds conn.writing.
func blockedSend(t *testing.T, p *pair, batch []bridge.Message) <-chan error {
	t.Helper()
	sent := make(chan error, 1)
	go func() { sent <- p.conn.Send(batch) }()
	testkit.Eventually(t, "the batch is being written", func() bool {
		if p.conn.writing.TryLock() {
			p.conn.writing.Unlock()
			return false
		}
		return true
	})
	return sent
}

// TestControlsPutAside: control frames do not wait for a client that does not
// read, and reach it later: in order, after whole data frames, and nothing after the
// close frame.
func TestControlsPutAside(t *testing.T) {
	t.Parallel()
	p := pipePair(t)
	batch := []bridge.Message{
		{Kind: bridge.Text, Data: []byte("small")},
		{Kind: bridge.Text, Data: bytes.Repeat([]byte("x"), largePayload)},
		{Kind: bridge.Text, More: true, Data: bytes.Repeat([]byte("y"), readbuf.BlockSize)},
		{Kind: bridge.Text, Data: []byte("z")},
	}
	sent := blockedSend(t, p, batch)
	testkit.Within(t, testkit.Patience, "control frames wait for the reader", func() {
		for _, payload := range []string{"1", "2", "3"} {
			if err := p.conn.sendControl(frame.OpPing, []byte(payload)); err != nil {
				t.Error(err)
			}
		}
		p.conn.sendClose(1000, "")
	})
	p.conn.sendControl(frame.OpPing, []byte("late"))
	second := make(chan error, 1)
	go func() { second <- p.conn.Send([]bridge.Message{{Kind: bridge.Text, Data: []byte("late")}}) }()

	want := []wireFrame{
		{0x81, "small"}, {0x81, string(batch[1].Data)}, {0x01, string(batch[2].Data)}, {0x80, "z"},
		{0x89, "1"}, {0x89, "2"}, {0x89, "3"}, {0x88, "\x03\xe8"},
	}
	for i, w := range want {
		got, err := readFrame(t, p.wire)
		if err != nil || got != w {
			t.Fatalf("frame %d: %x with %d bytes, %v; want %x with %d bytes", i, got.first, len(got.payload), err, w.first, len(w.payload))
		}
	}
	if err := <-sent; err != nil {
		t.Errorf("the batch: %v", err)
	}
	if err := <-second; !errors.Is(err, ErrFinished) {
		t.Errorf("data behind the close frame: %v", err)
	}
	p.conn.Close()
	if rest, _ := io.ReadAll(p.wire); len(rest) > 0 {
		t.Errorf("behind the close frame: % x", rest)
	}
}

// TestControlsAreBounded: a client that only sends pings and never reads loses
// pongs, never the close frame, and costs no memory.
func TestControlsAreBounded(t *testing.T) {
	t.Parallel()
	p := pipePair(t)
	sent := blockedSend(t, p, []bridge.Message{{Kind: bridge.Text, Data: []byte("x")}})
	payload := strings.Repeat("p", 125)
	for range 10 * maxControl / 127 {
		p.conn.sendControl(frame.OpPong, []byte(payload))
	}
	for range 127 / 2 { // fill it to the brim
		p.conn.sendControl(frame.OpPong, nil)
	}
	p.conn.sendClose(bridge.CloseNoStatus, "")
	p.conn.controls.Lock()
	if n := len(p.conn.control); n > maxControl+2 {
		t.Errorf("%d bytes of control frames are put aside", n)
	}
	p.conn.controls.Unlock()
	pongs := 0
	for {
		got, err := readFrame(t, p.wire)
		if err != nil {
			t.Fatal(err)
		}
		if got.first == 0x88 {
			break
		}
		if got.first == 0x8a && got.payload != "" {
			pongs++
		}
	}
	if pongs != maxControl/127 {
		t.Errorf("%d pongs arrived, want %d", pongs, maxControl/127)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

// TestFrameOrderUnderRaces: while many write at once every frame stays whole.
func TestFrameOrderUnderRaces(t *testing.T) {
	t.Parallel()
	p := tcpPair(t)
	const each = 300
	done := make(chan error, 2)
	go func() {
		for i := range each {
			m := bridge.Message{Kind: bridge.Text, Data: []byte(strconv.Itoa(i) + strings.Repeat("x", i%7*5000))}
			if err := p.conn.Send([]bridge.Message{m, m}); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	go func() {
		for i := range each {
			p.conn.sendControl(frame.OpPing, []byte(strconv.Itoa(i)))
		}
		done <- nil
	}()
	go func() {
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		p.conn.sendClose(bridge.CloseNoStatus, "")
	}()
	data, last := 0, -1
	for {
		got, err := readFrame(t, p.wire)
		if err != nil {
			t.Fatal(err)
		}
		switch got.first {
		case 0x81:
			if want := strconv.Itoa(data / 2); strings.TrimRight(got.payload, "x") != want {
				t.Fatalf("message %d is %.10q", data, got.payload)
			}
			data++
		case 0x89:
			if n, err := strconv.Atoi(got.payload); err != nil || n <= last {
				t.Fatalf("ping %q after %d", got.payload, last)
			} else {
				last = n
			}
		case 0x88:
			if data != 2*each {
				t.Errorf("%d messages, want %d", data, 2*each)
			}
			return
		default:
			t.Fatalf("a frame %x", got.first)
		}
	}
}

// clientFrame returns what gorilla's client writes for a message.
func clientFrame(t *testing.T, kind, size int) []byte {
	t.Helper()
	p := tcpPair(t)
	go func() {
		p.client.WriteMessage(kind, make([]byte, size))
		p.wire.(*net.TCPConn).CloseWrite()
	}()
	sent, err := io.ReadAll(p.conn.Conn)
	if err != nil || len(sent) < size+6 {
		t.Fatalf("%d bytes, %v", len(sent), err)
	}
	return sent
}

// TestReplay: what was read ahead comes before what is read.
func TestReplay(t *testing.T) {
	client, server := net.Pipe()
	c := newConn(server, []byte("abcde"))
	go func() {
		client.Write([]byte("fg"))
		client.Close()
	}()
	var got []byte
	in := readbuf.Buffer{Source: c}
	for in.Fill() == nil {
		got = append(got, in.Unread()...)
		in.Use(len(in.Unread()))
	}
	if string(got) != "abcdefg" || c.in.Load() != 7 {
		t.Errorf("%q, %d bytes", got, c.in.Load())
	}
}

// TestFirstFrameWithTheHandshake: what came in one packet with the handshake is
// not lost.
func TestFirstFrameWithTheHandshake(t *testing.T) {
	server, client := net.Pipe()
	defer client.Close()
	go io.Copy(io.Discard, client)
	head := "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
	frames := clientFrame(t, websocket.TextMessage, 3)
	frames = append(frames, frames[:4]...) // and the beginning of another
	rw := bufio.NewReadWriter(bufio.NewReader(strings.NewReader(head+string(frames))), bufio.NewWriter(server))
	r, err := http.ReadRequest(rw.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c, err := takeOver(taken{conn: server, rw: rw}, r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if batch, err := newFrameReader(c, 100, bridge.Text).Next(); len(batch) != 1 || len(batch[0].Data) != 3 || err != nil {
		t.Errorf("%q, %v", bridgetest.Text(batch), err)
	}
	if n := c.in.Load(); n != int64(len(frames)) {
		t.Errorf("%d bytes count as received, %d were", n, len(frames))
	}
}

// TestCloseReason: a reason is cut after a character, and is UTF-8 in any case: a
// client must fail a connection whose close frame is not (RFC 6455 section 8.1).
func TestCloseReason(t *testing.T) {
	for _, reason := range []string{"", "short", strings.Repeat("x", 123), strings.Repeat("x", 124), strings.Repeat("\u20ac", 50),
		"x" + strings.Repeat("\U0001f600", 40), strings.Repeat("x", 122) + "\u00e4", "\xff" + strings.Repeat("\xe2\x82", 99)} {
		payload := closePayload(1011, reason)
		got := string(payload[2:])
		if len(payload) > maxControlPayload || !utf8.Valid(payload[2:]) || !strings.HasPrefix(string(text.Valid([]byte(reason))), got) {
			t.Errorf("%q becomes %q", reason, got)
		}
		if len(reason) > 123 && len(got) < 120 {
			t.Errorf("%q is cut to %d bytes", reason, len(got))
		}
	}
}
