package libwebsocketd

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// handshakeWait bounds the write of the 101.
const handshakeWait = 1500 * time.Millisecond

// readBuffer holds the frames one read brought.
const readBuffer = 4 << 10

// upgrade answers 101 and takes the connection over. The request was checked
// before: an error here means that the connection is gone.
func upgrade(w http.ResponseWriter, r *http.Request, header http.Header) (*websocket.Conn, *conn, *bufio.Reader, error) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return nil, nil, nil, errors.New("the connection cannot be taken over")
	}
	h := &hijack{ResponseWriter: w, hijacker: hijacker}
	upgrader := websocket.Upgrader{
		HandshakeTimeout: handshakeWait,
		CheckOrigin:      func(*http.Request) bool { return true }, // admitted already
	}
	ws, err := upgrader.Upgrade(h, r, header)
	if err != nil {
		return nil, nil, nil, err
	}
	h.conn.upgraded = true
	return ws, h.conn, h.reader, nil
}

// hijack puts our conn under gorilla, and hands back what net/http had read
// behind the handshake: a client may send its first frame in the same packet.
type hijack struct {
	http.ResponseWriter
	hijacker http.Hijacker
	conn     *conn
	reader   *bufio.Reader
}

// Hijack implements http.Hijacker.
func (h *hijack) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	raw, rw, err := h.hijacker.Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.conn = &conn{Conn: raw}
	if n := rw.Reader.Buffered(); n > 0 {
		ahead, _ := rw.Reader.Peek(n)
		h.conn.replay = append([]byte(nil), ahead...)
	}
	h.reader = bufio.NewReaderSize(h.conn, readBuffer)
	return h.conn, bufio.NewReadWriter(h.reader, rw.Writer), nil
}
