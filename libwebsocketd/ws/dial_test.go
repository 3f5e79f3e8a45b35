package ws

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/bridgetest"
)

// serve starts a server, and returns its URL.
func serve(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s.URL
}

// dial connects, and closes at the end of the test.
func dial(t *testing.T, address string, o DialOptions) *Endpoint {
	t.Helper()
	w, err := Dial(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// gorilla upgrades with gorilla, and answers as it says.
func gorilla(t *testing.T, talk func(ws *websocket.Conn, r *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{Subprotocols: []string{"b"}}
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer ws.Close()
		talk(ws, r)
	}
}

// TestDial: a server of gorilla's gets what we send, and we what it sends, whatever the
// sizes and pieces.
func TestDial(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	var batches [][]bridge.Message
	var last bridge.Message
	for range 30 {
		batches = append(batches, randomBatch(random, &last))
	}
	batches = append(batches, []bridge.Message{{Kind: last.Kind, Data: []byte("end")}})
	w := dial(t, serve(t, gorilla(t, func(ws *websocket.Conn, r *http.Request) {
		if r.Header.Get("X-Mine") != "1" || r.Host != "other.example" || r.URL.RawQuery != "q=1" {
			t.Errorf("%v from %s", r.Header, r.Host)
		}
		for range whole(batches) {
			kind, data, err := ws.ReadMessage()
			if err == nil {
				err = ws.WriteMessage(kind, data)
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
		ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(4003, "exit status 3"))
		ws.ReadMessage()
	}))+"/?q=1#fragment", DialOptions{Header: http.Header{"X-Mine": {"1"}, "Host": {"other.example"}}, Protocols: []string{"a", "b"}})
	if chosen := w.Header().Get("Sec-WebSocket-Protocol"); chosen != "b" {
		t.Errorf("subprotocol %q", chosen)
	}
	sent := make(chan error, 1)
	go func() {
		var err error
		for _, batch := range batches {
			err = errors.Join(err, w.Send(batch))
		}
		sent <- err
	}()
	var got []bridge.Message
	err := w.ReceiveEach(func(batch []bridge.Message) {
		for _, m := range batch {
			got = append(got, bridge.Message{Kind: m.Kind, Data: bytes.Clone(m.Data)})
		}
	})
	var closed *bridge.CloseWith
	if !errors.As(err, &closed) || closed.Code != 4003 || closed.Reason != "exit status 3" {
		t.Errorf("the end is %v", err)
	}
	if code, reason := bridge.Closing(err); code != 4003 || reason != "exit status 3" {
		t.Errorf("it is passed on as %d %q", code, reason)
	}
	want := whole(batches)
	same := func(a, b bridge.Message) bool { return a.Kind == b.Kind && bytes.Equal(a.Data, b.Data) }
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("%d messages of %d, or others", len(got), len(want))
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"

// TestDialReads: what comes in one packet with the answer is not lost, and ends as it must.
func TestDialReads(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, bytes string
		options     DialOptions
		want, end   string
	}{
		{"a close", "\x81\x01a\x82\x01b\x88\x05\x03\xe8bye", DialOptions{}, "a+b", "closed with 1000: bye"},
		{"a close without a code", "\x81\x01a\x88\x00", DialOptions{}, "a", "closed with 1005: "},
		{"a masked frame", string(clientFrames(aText + "a")), DialOptions{}, "", "closed with 1002: MASK is set"},
		{"a long masked frame", string(clientFrames(aText + strings.Repeat("x", 300))), DialOptions{}, "", "closed with 1002: MASK is set"},
		{"not UTF-8", "\x81\x01a\x81\x01\xff", DialOptions{}, "a", "closed with 1007: text message is not UTF-8"},
		{"too large", "\x81\x03abc\x81\x04abcd", DialOptions{MaxMessage: 3}, "abc", "closed with 1009: message over 3 bytes"},
	} {
		w := dial(t, scripted(t, switching+"\r\n", test.bytes), test.options)
		var got []string
		err := w.ReceiveEach(func(batch []bridge.Message) { got = append(got, bridgetest.Text(batch)) })
		if strings.Join(got, "+") != test.want || err.Error() != test.end {
			t.Errorf("%s: %q, %v", test.name, got, err)
		}
	}
}

// TestDialLost: a connection that ends without a close is lost.
func TestDialLost(t *testing.T) {
	t.Parallel()
	w := dial(t, serve(t, gorilla(t, func(ws *websocket.Conn, _ *http.Request) {})), DialOptions{})
	var lost *bridge.CloseError
	if _, err := w.Receive(); !errors.As(err, &lost) || lost.Code != bridge.CloseAbnormal {
		t.Error(err)
	}
}

// TestDialLeaves: what the server is told at the end. An end of input is none.
func TestDialLeaves(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		cause error
		code  int
	}{{nil, 1000}, {bridge.ErrGoingAway, 1001}, {exit3, 4003}, {&bridge.CloseWith{Code: 4409, Reason: "x"}, 4409}} {
		told := make(chan error, 1)
		w := dial(t, serve(t, gorilla(t, func(ws *websocket.Conn, _ *http.Request) {
			_, data, err := ws.ReadMessage()
			if err != nil || string(data) != "after the end of input" {
				t.Errorf("%q, %v", data, err)
			}
			_, _, err = ws.ReadMessage()
			told <- err
		})), DialOptions{})
		w.CloseSend(io.EOF)
		w.Send([]bridge.Message{{Kind: bridge.Text, Data: []byte("after the end of input")}})
		w.CloseSend(test.cause)
		if err := <-told; !websocket.IsCloseError(err, test.code) {
			t.Errorf("%v: %v, want %d", test.cause, err, test.code)
		}
		if _, err := w.Receive(); err == nil {
			t.Error("a message after the end")
		}
	}
}

// TestDialStops: the context ends a handshake that is not answered, and nothing later.
func TestDialStops(t *testing.T) {
	t.Parallel()
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	address := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel(cause)
		<-r.Context().Done()
	})
	if _, err := Dial(ctx, address, DialOptions{}); err != cause {
		t.Errorf("it ends with %v", err)
	}
	ctx, cancel = context.WithCancelCause(t.Context())
	w, err := Dial(ctx, serve(t, gorilla(t, func(ws *websocket.Conn, _ *http.Request) { ws.ReadMessage() })), DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cancel(cause)
	if err := w.Context().Err(); err != nil {
		t.Error(err)
	}
	w.Close()
}

// TestDialAddress: which address is connected to, and with what header.
func TestDialAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"ws://a.example/x":               "a.example:80",
		"http://[::1]:8080":              "[::1]:8080",
		"wss://a.example":                "a.example:443",
		"ws://user:secret@a.example:1/?": "a.example:1 Basic dXNlcjpzZWNyZXQ=",
		"a.example:80":                   "not a URL of the form ws://HOST:PORT/PATH",
		":8080":                          ":8080: not a URL of the form ws://HOST:PORT/PATH (or wss, http, https): missing protocol scheme",
		"ftp://a.example":                "not a URL of the form ws://HOST:PORT/PATH",
		"ws:///x":                        "not a URL of the form ws://HOST:PORT/PATH",
	} {
		var asked string
		_, err := Dial(t.Context(), address, DialOptions{Dial: func(_ context.Context, _, to string) (net.Conn, error) {
			asked = to
			ours, theirs := net.Pipe()
			go func() {
				defer theirs.Close()
				if r, err := http.ReadRequest(bufio.NewReader(theirs)); err == nil {
					asked = strings.TrimSpace(asked + " " + r.Header.Get("Authorization"))
				}
			}()
			return ours, nil
		}})
		if asked == "" && err != nil {
			asked = err.Error()
		}
		if !strings.Contains(asked, want) {
			t.Errorf("%s: %s, want %s", address, asked, want)
		}
	}
}

// TestDialDelivers: a chunk, which is framed as a server's, is masked as well.
func TestDialDelivers(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	w := dial(t, serve(t, gorilla(t, func(ws *websocket.Conn, _ *http.Request) {
		var all []string
		for range 3 {
			_, data, err := ws.ReadMessage()
			all = append(all, fmt.Sprint(len(data), err))
		}
		got <- strings.Join(all, " ")
	})), DialOptions{})
	chunk := bridge.NewChunk([]bridge.Message{{Kind: bridge.Text, Data: []byte("skipped")}, {Kind: bridge.Text, Data: bytes.Repeat([]byte("x"), 200_000)}, {Kind: bridge.Binary}})
	if err := w.Deliver([]bridge.Delivery{{Chunk: chunk, Skip: 1}, {Note: &bridge.Note{Said: "note"}}}); err != nil {
		t.Error(err)
	}
	if all := <-got; all != "200000 <nil> 0 <nil> 4 <nil>" {
		t.Error(all)
	}
}

// TestDialOverTLS: wss needs a certificate that is known.
func TestDialOverTLS(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(gorilla(t, func(ws *websocket.Conn, _ *http.Request) {
		ws.WriteMessage(websocket.TextMessage, []byte("secret"))
		ws.ReadMessage()
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	target, _ := url.Parse(s.URL)
	target.Scheme = "wss"
	if _, err := Dial(t.Context(), target.String(), DialOptions{}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown certificate: %v", err)
	}
	w := dial(t, target.String(), DialOptions{TLS: s.Client().Transport.(*http.Transport).TLSClientConfig})
	if batch, err := w.Receive(); bridgetest.Text(batch) != "secret" || err != nil {
		t.Errorf("%q, %v", bridgetest.Text(batch), err)
	}
}

// TestDialSilent: a server that sends nothing, not even pongs, is found dead.
func TestDialSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, err := Dial(t.Context(), "ws://a.example", DialOptions{Dial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() {
				in := bufio.NewReader(theirs)
				if r, err := http.ReadRequest(in); err == nil {
					fmt.Fprintf(theirs, switching+"\r\n", acceptKey(r.Header.Get("Sec-WebSocket-Key")))
				}
				io.Copy(io.Discard, in)
			}()
			return ours, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		began := time.Now()
		if _, err = w.Receive(); err == nil || context.Cause(w.Context()) != errSilent {
			t.Errorf("%v, %v", err, context.Cause(w.Context()))
		}
		if took := time.Since(began); took < 2*DefaultPingInterval || took > 3*DefaultPingInterval {
			t.Errorf("after %s", took)
		}
	})
}
