package control

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/hub"
	"websocketd/libwebsocketd/internal/socket"
	"websocketd/libwebsocketd/logging"
)

const (
	mostPacket = 10 << 20         // bytes of a packet; more ends the connection
	packetWait = 30 * time.Second // for the rest of a packet that has begun
	lastWait   = time.Second      // for a client to close that was sent all

	packetRoom  = 64 << 10 // what is read of a packet at once, and kept for the next one
	writeAtOnce = 32 << 10 // of packets: a slow client is seen to take some
)

// badPacket is the answer to a packet that is no message.
var badPacket = []byte(`{"error":"Invalid message format"}`)

var errPacket = errors.New("a packet is longer than 10 MiB")

// servePackets holds the conversation of a client that sends packets: four bytes of length,
// the most significant first, then one message as on /ws. It returns when that is over.
func (c *Control) servePackets(conn net.Conn, first [4]byte) {
	link := newPacketLink(conn, first)
	if err := c.hub.Serve(link, hub.Identity{User: operator.User}, "unix"); err != nil {
		logging.At(c.Log, logging.LevelAccess, category, fmt.Sprintf("refused a client that sends packets: %v", err))
		link.Close()
	}
}

// packetLink is a client that sends packets. It is a bridge.Listener.
type packetLink struct {
	conn   net.Conn
	ctx    context.Context
	cancel context.CancelCauseFunc

	// Of the goroutine that receives.
	first  io.Reader // the length of the first packet, then the connection
	packet []byte
	batch  [1]bridge.Message

	writing sync.Mutex // the receiver answers what is no message
	out     []byte
	written atomic.Int64
}

var _ bridge.Listener = (*packetLink)(nil)

func newPacketLink(conn net.Conn, first [4]byte) *packetLink {
	l := &packetLink{conn: conn, first: io.MultiReader(bytes.NewReader(first[:]), conn)}
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	return l
}

// Receive implements bridge.Endpoint.
func (l *packetLink) Receive() ([]bridge.Message, error) {
	for {
		packet, err := l.next()
		if err != nil {
			l.awaitGone(err)
			l.cancel(err)
			return nil, err
		}
		if isMessage(packet) {
			l.batch[0] = bridge.Message{Kind: bridge.Text, Data: packet}
			return l.batch[:], nil
		}
		if err := l.answer(badPacket); err != nil {
			l.cancel(err)
			return nil, err
		}
	}
}

// awaitGone returns when a client that has said all it wants to say is gone: until then it
// listens.
func (l *packetLink) awaitGone(err error) {
	if err == errAtEnd {
		socket.AwaitGone(l.conn)
	}
}

// isMessage reports whether a packet is a JSON object.
func isMessage(packet []byte) bool {
	text := bytes.TrimLeft(packet, " \t\r\n")
	return len(text) > 0 && text[0] == '{' && json.Valid(text)
}

// errAtEnd is the error of a client that has closed its connection between two packets.
var errAtEnd error = &bridge.CloseError{Code: bridge.CloseNormal}

// next reads one packet. It waits for ever for one to begin, and then for packetWait.
func (l *packetLink) next() ([]byte, error) {
	var head [4]byte
	if n, err := io.ReadFull(l.first, head[:1]); n == 0 {
		if err == io.EOF {
			return nil, errAtEnd
		}
		return nil, err
	}
	l.conn.SetReadDeadline(time.Now().Add(packetWait))
	if _, err := io.ReadFull(l.first, head[1:]); err != nil {
		return nil, err
	}
	packet, err := readPacket(l.first, binary.BigEndian.Uint32(head[:]), l.packet[:0])
	l.packet = packet
	if cap(l.packet) > packetRoom {
		l.packet = nil
	}
	l.conn.SetReadDeadline(time.Time{})
	return packet, err
}

// readPacket appends n bytes to room. It takes memory for what has come, not for what is to
// come.
func readPacket(r io.Reader, n uint32, room []byte) ([]byte, error) {
	if n > mostPacket {
		return nil, errPacket
	}
	for left := int(n); left > 0; {
		step := min(left, packetRoom)
		at := len(room)
		room = append(room, make([]byte, step)...)
		got, err := io.ReadFull(r, room[at:])
		if room = room[:at+got]; err != nil {
			return room, err
		}
		left -= step
	}
	return room, nil
}

// answer sends one packet from the goroutine that receives.
func (l *packetLink) answer(text []byte) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.conn.SetWriteDeadline(time.Now().Add(headerWait))
	defer l.conn.SetWriteDeadline(time.Time{})
	return l.write(appendPacket(nil, text))
}

// Send implements bridge.Endpoint.
func (l *packetLink) Send(batch []bridge.Message) error {
	return l.Deliver([]bridge.Delivery{{Chunk: bridge.NewChunk(batch)}})
}

// Deliver implements bridge.Listener.
func (l *packetLink) Deliver(deliveries []bridge.Delivery) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.out = l.out[:0]
	for _, d := range deliveries {
		if d.Note != nil {
			l.out = appendPacket(l.out, []byte(d.Note.String()))
			continue
		}
		for m := range d.Chunk.Messages(d.Skip) {
			l.out = appendPacket(l.out, m.Data)
		}
	}
	err := l.write(l.out)
	if cap(l.out) > packetRoom {
		l.out = nil
	}
	return err
}

// write writes all of b, and counts what the system has taken; l.writing is held.
func (l *packetLink) write(b []byte) error {
	for len(b) > 0 {
		n, err := l.conn.Write(b[:min(len(b), writeAtOnce)])
		l.written.Add(int64(n))
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

func appendPacket(b, text []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(text))), text...)
}

// BytesAcked implements bridge.Listener.
func (l *packetLink) BytesAcked() (count int64, rest bool) {
	return socket.Acknowledged(l.conn, l.written.Load()), socket.Owed(l.conn)
}

// CloseSend implements bridge.Endpoint. Packets have no word for why: the client is sent the
// end.
func (l *packetLink) CloseSend(cause error) error {
	l.cancel(cause)
	l.conn.SetReadDeadline(time.Now().Add(lastWait))
	if half, ok := l.conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Close implements bridge.Endpoint.
func (l *packetLink) Close() error {
	l.cancel(bridge.ErrGoingAway)
	return l.conn.Close()
}

// Context implements bridge.Endpoint.
func (l *packetLink) Context() context.Context { return l.ctx }
