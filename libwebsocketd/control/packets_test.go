package control

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/hub"
	"websocketd/libwebsocketd/internal/testkit"
)

// packets returns texts as packets, one after the other.
func packets(texts ...string) (all []byte) {
	for _, text := range texts {
		all = appendPacket(all, []byte(text))
	}
	return all
}

// fakeConn is a connection whose client has sent something already, and closed its half.
type fakeConn struct {
	net.Conn // nil: only what follows is called
	in       io.Reader
	out      bytes.Buffer
}

func (c *fakeConn) Read(b []byte) (int, error)       { return c.in.Read(b) }
func (c *fakeConn) Write(b []byte) (int, error)      { return c.out.Write(b) }
func (c *fakeConn) SetDeadline(time.Time) error      { return nil }
func (c *fakeConn) SetReadDeadline(time.Time) error  { return nil }
func (c *fakeConn) SetWriteDeadline(time.Time) error { return nil }
func (c *fakeConn) Close() error                     { return nil }

// received returns the messages of a client, and how it ended.
func received(l *packetLink) (messages []string, err error) {
	for {
		batch, err := l.Receive()
		for i := range batch {
			messages = append(messages, string(batch[i].Data))
		}
		if err != nil {
			return messages, err
		}
	}
}

// oracle says what a client has said that sends some bytes and leaves: its messages, how many
// packets were none, and whether it was cut for a length.
func oracle(sent []byte) (messages []string, bad int, tooLong bool) {
	for len(sent) >= 4 {
		n := uint64(sent[0])<<24 | uint64(sent[1])<<16 | uint64(sent[2])<<8 | uint64(sent[3])
		if n > 10*1024*1024 {
			return messages, bad, true
		}
		if n > uint64(len(sent)-4) {
			break
		}
		var object map[string]json.RawMessage
		body := sent[4 : 4+n]
		if json.Unmarshal(body, &object) == nil && object != nil {
			messages = append(messages, string(body))
		} else {
			bad++
		}
		sent = sent[4+n:]
	}
	return messages, bad, false
}

// FuzzPackets: what a client means by its bytes does not depend on how they come.
func FuzzPackets(f *testing.F) {
	f.Add(packets(`{"type":"ping"}`, `{}`), []byte{1})
	f.Add(packets(`{"type":"ping"`, ``, `[]`, ` {"a":1} `, `null`, `x`), []byte{3, 0, 200})
	f.Add(append(packets(`{}`), 0, 160, 0, 0), []byte{})
	f.Add(append(packets(`{}`), 0, 160, 0, 1, 'x'), []byte{2})
	f.Add(append(packets(`{}`), 0xff, 0xff, 0xff, 0xff), []byte{2})
	f.Add(append(packets(`{}`), 0, 0), []byte{1})
	f.Add(packets(`{"a":"`+strings.Repeat("x", 70_000)+`"}`, `{"b":2}`), []byte{255, 1})
	f.Fuzz(func(t *testing.T, sent, sizes []byte) {
		if len(sent) < 4 {
			return
		}
		conn := &fakeConn{in: &testkit.CutReader{Text: sent[4:], Sizes: sizes, Err: io.EOF}}
		l := newPacketLink(conn, [4]byte(sent))
		got, err := received(l)
		messages, bad, tooLong := oracle(sent)
		if !slices.Equal(got, messages) {
			t.Errorf("received %q, want %q", got, messages)
		}
		if answers := strings.Repeat(string(packets(`{"error":"Invalid message format"}`)), bad); conn.out.String() != answers {
			t.Errorf("answered %q to %d packets that are no message", &conn.out, bad)
		}
		if tooLong != (err == errPacket) || err == nil {
			t.Errorf("ended with %v, too long: %v", err, tooLong)
		}
		if l.Context().Err() == nil {
			t.Error("the end is not known to who sends")
		}
	})
}

// FuzzDetector: four bytes say what a client speaks, and whoever reads on gets all of them.
func FuzzDetector(f *testing.F) {
	for _, text := range []string{"GET / HTTP/1.1\r\n", "POST", "PUT /", "DELETE /", "HEAD /", "PATCH /", "OPTIONS * ", "TRACE /", "CONNECT x:1 ", "get / ", "PRI *", "\x00\x00\x00\x02{}", "GE", ""} {
		f.Add([]byte(text), []byte{1})
		f.Add([]byte(text), []byte{})
	}
	f.Fuzz(func(t *testing.T, sent, sizes []byte) {
		var asPackets []byte
		served := false
		a := &conn{Conn: &fakeConn{in: &testkit.CutReader{Text: sent, Sizes: sizes, Err: io.EOF}}, of: &conns{limit: 1}}
		a.first = &opening{packets: func(c net.Conn, first [4]byte) {
			rest, _ := io.ReadAll(c)
			served, asPackets = true, append(first[:], rest...)
		}}
		asHTTP, err := io.ReadAll(a)
		begins := ""
		if len(sent) >= 4 {
			begins = string(sent[:4])
		}
		isHTTP := strings.Contains("GET ,POST,PUT ,DELE,HEAD,PATC,OPTI,TRAC,CONN", begins) && len(begins) == 4 && !strings.Contains(begins, ",")
		switch {
		case len(begins) < 4:
			if served || len(asHTTP) > 0 {
				t.Errorf("%q was taken for something", sent)
			}
		case isHTTP && (served || string(asHTTP) != string(sent) || err != nil):
			t.Errorf("of the HTTP %q net/http gets %q, %v", sent, asHTTP, err)
		case !isHTTP && (!served || string(asPackets) != string(sent) || len(asHTTP) > 0):
			t.Errorf("of the packets %q the hub gets %q", sent, asPackets)
		}
	})
}

// TestLengthIsNoClaimOnMemory: a client that says its packet is long, and sends nothing, costs
// next to nothing.
func TestLengthIsNoClaimOnMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const clients = 50
	for range clients {
		room, err := readPacket(strings.NewReader("x"), mostPacket, nil)
		if err != io.ErrUnexpectedEOF || len(room) != 1 {
			t.Fatal(err, len(room))
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / clients; each > 4*packetRoom {
		t.Errorf("%d bytes for each", each)
	}
}

// TestHalfAPacket: a packet that does not come whole in 30 s ends the conversation; a client
// that says nothing stays.
func TestHalfAPacket(t *testing.T) {
	for name, test := range map[string]struct {
		sent  string
		after time.Duration // 0: it stays
	}{
		"nothing":         {"", 0},
		"a whole packet":  {string(packets(`{}`)), 0},
		"half a length":   {"\x00\x00", packetWait},
		"half a packet":   {"\x00\x00\x00\x09{", packetWait},
		"half the second": {string(packets(`{}`)) + "\x00\x00\x00\x09{", packetWait},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				began := time.Now()
				ended := make(chan error, 1)
				sent := test.sent
				if len(sent) < 4 {
					sent = string(packets(`{}`)) + sent // the first four bytes have come when this begins
				}
				l := newPacketLink(ours, [4]byte([]byte(sent)))
				go func() { _, err := received(l); ended <- err }()
				theirs.Write([]byte(sent[4:]))
				go io.Copy(io.Discard, theirs)
				limit := time.NewTimer(time.Hour)
				select {
				case err := <-ended:
					if took := time.Since(began); test.after == 0 || took < test.after || took > test.after+time.Second {
						t.Errorf("ended after %v with %v, want %v", took, err, test.after)
					}
				case <-limit.C:
					if test.after != 0 {
						t.Error("it stays")
					}
				}
				l.Close()
				theirs.Close()
				synctest.Wait()
			})
		})
	}
}

// unixPair returns a client of a unix socket, and a Control that serves it.
func unixPair(t *testing.T) (*Control, func() *packetClient) {
	t.Helper()
	c, _ := guardOf(t, oneToken{})
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- c.Serve(l) }()
	t.Cleanup(func() {
		c.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	testkit.Eventually(t, "the hub runs", func() bool {
		return request{path: "/ws", unix: true}.to(c).StatusCode == 426
	})
	return c, func() *packetClient {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.SetDeadline(time.Now().Add(testkit.Patience))
		return &packetClient{t, conn.(*net.UnixConn)}
	}
}

// packetClient is a client that sends packets.
type packetClient struct {
	t *testing.T
	*net.UnixConn
}

func (p *packetClient) say(texts ...string) {
	p.t.Helper()
	if _, err := p.Write(packets(texts...)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *packetClient) next() (text string, err error) {
	var head [4]byte
	if _, err := io.ReadFull(p, head[:]); err != nil {
		return "", err
	}
	body := make([]byte, binary.BigEndian.Uint32(head[:]))
	_, err = io.ReadFull(p, body)
	return string(body), err
}

func (p *packetClient) expect(want string) {
	p.t.Helper()
	if text, err := p.next(); err != nil || !strings.Contains(text, want) {
		p.t.Errorf("got %q, %v, want %q", text, err, want)
	}
}

// TestPacketsAreTheHub: a client that sends packets is one of the hub, like a WebSocket.
func TestPacketsAreTheHub(t *testing.T) {
	t.Parallel()
	c, dial := unixPair(t)
	p := dial()
	p.say(`{"type":"subscribe","data":"process:x"}`, `{"type":"ping"}`)
	p.expect(`"pong"`)
	c.hub.SendProcessOutput("x", "one")
	p.expect(`"data":"one"`)
	p.say(`nonsense`)
	p.expect(`{"error":"Invalid message format"}`)
	p.say(`{"type":"subscribe","data":"process:x","after":"none:0"}`)
	p.expect(`"data":"one"`)
	p.expect(`"recovered":false`)
	c.hub.SendProcessOutput("x", strings.Repeat("y", 200_000)) // more than one write
	p.expect(`yyy"`)
	p.Write([]byte{0, 0xa0, 0, 1})
	if _, err := p.next(); err == nil {
		t.Error("a packet of more than 10 MiB is taken")
	}
	testkit.Eventually(t, "it is gone", func() bool { return c.hub.Stats().Clients == 0 })
}

// TestPacketsUpTo10MiB: the longest packet that is allowed is taken.
func TestPacketsUpTo10MiB(t *testing.T) {
	t.Parallel()
	_, dial := unixPair(t)
	p := dial()
	long := `{"type":"ping","data":"` + strings.Repeat("x", mostPacket-25) + `"}`
	if len(long) != mostPacket {
		t.Fatal(len(long))
	}
	p.say(long)
	p.expect(`"pong"`)
}

// TestHalfClosedStillListens: a client that has said all goes on listening, until it is gone.
func TestHalfClosedStillListens(t *testing.T) {
	t.Parallel()
	c, dial := unixPair(t)
	p := dial()
	p.say(`{"type":"subscribe","data":"process:x"}`, `{"type":"ping"}`)
	p.CloseWrite()
	p.expect(`"pong"`)
	c.hub.SendProcessOutput("x", "one")
	p.expect(`"data":"one"`)
	p.Close()
	testkit.Eventually(t, "it is gone though nothing is sent", func() bool { return c.hub.Stats().Clients == 0 })
}

// TestPacketsAtTheEnd: a client gets what was published before the end, and then the end.
func TestPacketsAtTheEnd(t *testing.T) {
	t.Parallel()
	c, dial := unixPair(t)
	p := dial()
	p.say(`{"type":"subscribe","data":"process:x"}`, `{"type":"ping"}`)
	p.expect(`"pong"`)
	c.hub.SendProcessStatus("x", "exited", 0)
	c.Close()
	p.expect(`"exited"`)
	if text, err := p.next(); err != io.EOF {
		t.Errorf("then %q, %v", text, err)
	}
}

// TestTurnedAway: packets after the end of the hub are answered with the end.
func TestTurnedAway(t *testing.T) {
	t.Parallel()
	c, _ := guardOf(t, nil)
	c.Close()
	conn := &fakeConn{in: strings.NewReader("")}
	c.servePackets(conn, [4]byte{})
	if err := c.hub.Serve(newPacketLink(conn, [4]byte{}), hub.Identity{}, ""); err != hub.ErrNotRunning {
		t.Error(err)
	}
}

// TestSend: Send and Deliver are the same to a client.
func TestSend(t *testing.T) {
	t.Parallel()
	conn := &fakeConn{in: strings.NewReader("")}
	l := newPacketLink(conn, [4]byte{})
	l.Send([]bridge.Message{{Kind: bridge.Text, Data: []byte("a")}, {Kind: bridge.Text, Data: []byte("bc")}})
	l.Deliver([]bridge.Delivery{{Note: &bridge.Note{Said: "d"}}})
	if want := packets("a", "bc", "d"); conn.out.String() != string(want) || l.written.Load() != int64(len(want)) {
		t.Errorf("%q, %d", &conn.out, l.written.Load())
	}
}
