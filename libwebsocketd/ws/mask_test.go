package ws

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/frame"
)

// FuzzWriteMasked: gorilla's server reads what we send, whatever is sent in whatever
// batches, and no two frames have the same mask.
func FuzzWriteMasked(f *testing.F) {
	f.Add([]byte("\x01\x05\x02\xff\x09\x10\x03\x80\x05\x00"), true)
	f.Add([]byte("\x11\xff\x12\xff\x13\xff\x01\x01\x09\x00\x01\x7d\x01\x7e\x01\x7f"), false)
	f.Fuzz(func(t *testing.T, script []byte, together bool) {
		if len(script) > 64 {
			return
		}
		var got bytes.Buffer
		c := newConn(inMemory{Reader: strings.NewReader(""), Writer: &got}, nil)
		c.masks = true
		var batch []bridge.Message
		var want reading
		flush := func() {
			if err := c.Send(batch); err != nil {
				t.Fatal(err)
			}
			batch = batch[:0]
		}
		for ; len(script) >= 2; script = script[2:] {
			op, size := script[0], int(script[1])
			data := bytes.Repeat([]byte{'a' + op%26, 'b'}, 128)[:size]
			if op&0x10 != 0 {
				data = bytes.Repeat(data, 700)
			}
			switch kind := bridge.Kind(1 + op>>1&1); {
			case op&8 != 0:
				flush()
				data = data[:min(len(data), maxControlPayload)]
				c.sendControl(frame.OpPing, data)
				want.controls = append(want.controls, "9:"+string(data))
			default:
				cut := int(op>>2) * len(data) / 64 % (len(data) + 1)
				batch = append(batch, bridge.Message{Kind: kind, More: true, Data: data[:cut]}, bridge.Message{Kind: kind, Data: data[cut:]})
				want.messages = append(want.messages, kindNames[kind]+string(data))
			}
			if !together {
				flush()
			}
		}
		flush()
		c.sendClose(1000, "")
		want.code = 1000
		read := theirs(got.Bytes(), 1<<30, bridge.BothKinds, false)
		if !slices.Equal(read.messages, want.messages) || !slices.Equal(read.controls, want.controls) || read.code != want.code {
			t.Errorf("got  %.1000q\nwant %.1000q", fmt.Sprint(read), fmt.Sprint(want))
		}
	})
}

// TestMasksDiffer: each frame has a mask of its own (RFC 6455 section 5.3).
func TestMasksDiffer(t *testing.T) {
	var sent bytes.Buffer
	c := newConn(inMemory{Reader: strings.NewReader(""), Writer: &sent}, nil)
	c.masks = true
	c.Send(slices.Repeat([]bridge.Message{{Kind: bridge.Text}}, 100))
	masks := map[string]bool{}
	for b := sent.Bytes(); len(b) >= 6; b = b[6:] {
		masks[string(b[2:6])] = true
	}
	if len(masks) < 99 {
		t.Errorf("%d masks of 100 frames", len(masks))
	}
}

// TestApplyMask compares with the definition, for every offset and length that matters.
func TestApplyMask(t *testing.T) {
	mask := [4]byte{0x11, 0x83, 0x7e, 0xc4}
	for size := range 80 {
		for at := range uint64(9) {
			b, want := make([]byte, size), make([]byte, size)
			for i := range b {
				b[i] = byte(i * 37)
				want[i] = b[i] ^ mask[(at+uint64(i))&3]
			}
			if applyMask(b, rotated(binary.LittleEndian.Uint32(mask[:]), at)); !bytes.Equal(b, want) {
				t.Errorf("%d bytes from %d: % x, want % x", size, at, b, want)
			}
		}
	}
}
