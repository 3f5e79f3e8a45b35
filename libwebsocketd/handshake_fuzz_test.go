//go:build unix

package libwebsocketd

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/ws"
)

// FuzzHandshake compares our check with gorilla's: what we let in starts a process,
// so gorilla must not refuse it afterwards.
func FuzzHandshake(f *testing.F) {
	for _, request := range append(oddHandshakes(), handshake("/")) {
		f.Add(request)
	}
	f.Fuzz(func(t *testing.T, request string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(request, "\n", "\r\n"))))
		if err != nil || !isUpgrade(r) {
			return
		}
		w := &hijackable{ResponseRecorder: httptest.NewRecorder()}
		if ws.CheckHandshake(w, r) != nil {
			return
		}
		if r.ContentLength != 0 || len(r.TransferEncoding) > 0 {
			t.Errorf("a body is let in: %q", request)
		}
		upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Fatalf("let in, but refused by gorilla with %v: %q", err, request)
		}
		conn.Close()
	})
}

// TestOddHandshakes holds the seeds of the fuzzer to be refused, or to be no
// handshakes at all.
func TestOddHandshakes(t *testing.T) {
	for _, request := range oddHandshakes() {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(request, "\n", "\r\n"))))
		if err != nil {
			t.Fatalf("%v: %q", err, request)
		}
		if w := (&hijackable{ResponseRecorder: httptest.NewRecorder()}); isUpgrade(r) && ws.CheckHandshake(w, r) == nil {
			t.Errorf("let in: %q", request)
		}
	}
	good := httptest.NewRequest("GET", "/", nil)
	good.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}}
	if refusal := ws.CheckHandshake(unwrapping{&hijackable{}}, good); refusal != nil {
		t.Errorf("a middleware is in the way: %v", refusal)
	}
	if refusal := ws.CheckHandshake(unwrapping{httptest.NewRecorder()}, good); refusal == nil || refusal.Status != 500 {
		t.Errorf("let in without a connection to take over: %v", refusal)
	}
}

// oddHandshakes look right to some servers, but are not.
func oddHandshakes() (odd []string) {
	good := handshake("/")
	for _, c := range []struct{ old, new string }{
		{"Connection: Upgrade", "Connection: keep alive, Upgrade"},
		{"Connection: Upgrade", "Connection: , Upgrade"},
		{"Connection: Upgrade", "Connection: Upgrade; q=1"},
		{"Connection: Upgrade", "Connection: \"Upgrade\""},
		{"Connection: Upgrade", "Connection: \u00a0Upgrade"},
		{"Connection: Upgrade", "Connection: Upgrade\u2003"},
		{"Upgrade: websocket", "Upgrade: web\u017focket"},               // long s
		{"Upgrade: websocket", "Upgrade: websoc\u212aet"},               // Kelvin sign
		{"Upgrade: websocket", "Upgrade: \u0085websocket"},              // a blank of Unicode
		{"Upgrade: websocket", "Upgrade: websocket/13"},                 // another protocol
		{"Upgrade: websocket", "Upgrade: h2c, web socket"},              // two words
		{"Version: 13", "Version: 8 13"},                                // no list
		{"Version: 13", "Version: \u00a013"},                            //
		{"Version: 13", "Version: 013"},                                 //
		{"A==\n", "A==\nSec-WebSocket-Key: BBBBBBBBBBBBBBBBBBBBBA==\n"}, // which one?
		{"\n\n", "\nContent-Length: 5\n\nhello"},
		{"\n\n", "\nTransfer-Encoding: chunked\n\n0\n\n"},
		{" HTTP/1.1", " HTTP/2.0"},
	} {
		odd = append(odd, strings.Replace(good, c.old, c.new, 1))
	}
	return odd
}

// hijackable is a ResponseWriter whose connection takes everything.
type hijackable struct{ *httptest.ResponseRecorder }

func (*hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	near, far := net.Pipe()
	go io.Copy(io.Discard, far)
	return near, bufio.NewReadWriter(bufio.NewReader(near), bufio.NewWriter(near)), nil
}

type unwrapping struct{ http.ResponseWriter }

func (u unwrapping) Unwrap() http.ResponseWriter { return u.ResponseWriter }
