package ws

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/frame"
)

// FuzzWrite: the bytes we write for any batches are those gorilla writes for the
// same messages and control frames.
func FuzzWrite(f *testing.F) {
	f.Add([]byte("\x01\x05\x02\xff\x09\x10\x03\x80\x05\x00\x08\x04"))
	f.Add([]byte("\x11\xff\x12\xff\x13\xff\x01\x01\x09\x00\x01\x7d\x01\x7e\x01\x7f"))
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 64 {
			return
		}
		var want, got bytes.Buffer
		ws := gorillaServer(strings.NewReader(""), &want)
		c := newConn(inMemory{Reader: strings.NewReader(""), Writer: &got}, nil)
		var batch []bridge.Message
		flush := func() {
			if err := c.Send(batch); err != nil && err != ErrFinished {
				t.Fatal(err)
			}
			batch = batch[:0]
		}
		for ; len(script) >= 2; script = script[2:] {
			op, size := script[0], int(script[1])
			data := bytes.Repeat([]byte{op, byte(size)}, 128)[:size]
			if op&0x10 != 0 {
				data = bytes.Repeat(data, 700)
			}
			kind := 1 + int(op>>1&1)
			switch op & 0x0d {
			case 8, 9: // control frames are written at once, between batches
				flush()
				data = data[:min(len(data), maxControlPayload)]
				opcode := frame.OpPing + int(op>>1&1)
				ws.WriteControl(opcode, data, time.Time{})
				c.sendControl(byte(opcode), data)
			case 12:
				flush()
				ws.WriteControl(frame.OpClose, websocket.FormatCloseMessage(4000+size, "why"), time.Time{})
				c.sendClose(4000+size, "why")
			case 5: // in pieces
				w, err := ws.NextWriter(kind)
				if err != nil {
					continue // after a close frame
				}
				for rest := data; ; {
					n := min(len(rest), gorillaFragment)
					last := n == len(rest) // what is left goes with the final frame
					batch = append(batch, bridge.Message{Kind: bridge.Kind(kind), More: !last, Data: rest[:n]})
					for _, b := range rest[:n] {
						w.Write([]byte{b})
					}
					if rest = rest[n:]; last {
						break
					}
				}
				w.Close()
			default:
				ws.WriteMessage(kind, data)
				batch = append(batch, bridge.Message{Kind: bridge.Kind(kind), Data: data})
			}
			if op&0x20 != 0 {
				flush()
			}
		}
		flush()
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("%d bytes instead of %d:\ngot  % .200x\nwant % .200x", got.Len(), want.Len(), got.Bytes(), want.Bytes())
		}
	})
}
