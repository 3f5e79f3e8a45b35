package ws

import (
	"encoding/binary"
	"errors"
	"math"
	"sync/atomic"
	"unicode/utf8"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/frame"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/internal/text"
)

// frameReader splits what the other side sends into messages (RFC 6455 section 5.4). A message
// that comes in one frame is unmasked in place and never copied; fragments are joined.
// Text is checked as it arrives, and nothing of an invalid message is passed on.
//
// Without a limit nothing is joined: messages come in pieces, cut between characters,
// and end at the first byte that is not UTF-8.
type frameReader struct {
	in      readbuf.Buffer
	limit   int64                                   // of a message, in bytes; negative: none
	plain   bool                                    // the frames are a server's, without a mask
	takes   bridge.Kind                             // messages of the other kind are ignored; Text|Binary takes both
	control func(opcode byte, payload []byte) error // called for each control frame; an error ends the reading
	other   func() error                            // called at the first message of the other kind; an error ends the reading
	afford  func(size int) error                    // called before more is read of a message of which size bytes have come; nil: no budget
	arrived func()                                  // called when a message has come whole that afford was called for

	throttle *gate.Throttle // of the messages; nil: none
	await    func() error   // called when one is held back, until it may pass; an error ends the reading
	free     int64          // how many messages may begin now
	holds    bool           // the next one may not

	err    error
	head   header
	inside bool   // head's payload is not used up
	at     uint64 // bytes of it that are unmasked
	valid  int    // bytes of the text under way that are known to be UTF-8

	open    bool         // a fragmented message is under way
	kind    bridge.Kind  // of the message under way
	size    uint64       // of the message under way, as far as announced
	joined  []byte       // fragments put together
	given   bool         // joined is in the batch
	counted int          // bytes held of what has not come whole
	parts   atomic.Int64 // grows with every part of a message that has not come whole, if plain
	held    int          // bytes held when it last did
	partial []byte       // the beginning of a character of a message in pieces
}

var (
	errTooBig  = errors.New("message too big")
	errNotUTF8 = &bridge.RefusedError{Code: bridge.CloseInvalidPayload, Reason: "text message is not UTF-8"}
)

func newFrameReader(from readbuf.Source, limit int64, takes bridge.Kind) *frameReader {
	f := &frameReader{limit: limit, takes: takes, free: math.MaxInt64}
	f.in = readbuf.Buffer{Source: from, MaxUnread: readbuf.BlockSize}
	if limit >= 0 {
		f.in.MaxUnread = int(min(limit, math.MaxInt-readbuf.LargeBlock))
	}
	return f
}

// Next blocks for at least one message, or piece, and returns those that have arrived.
// They are valid until the next call. Its error is final, but for readbuf.ErrEmpty;
// messages that were whole before it come first.
func (f *frameReader) Next() ([]bridge.Message, error) {
	f.in.Begin()
	f.forget()
	for f.err == nil {
		f.err = f.takeAllowed()
		if len(f.in.Batch) > 0 {
			f.held = 0
			if f.counted > 0 {
				f.arrived()
			}
			return f.in.Batch, nil
		}
		if f.err == nil && f.holds {
			f.err = f.hold()
			continue
		}
		if f.err == nil {
			f.err = f.count()
		}
		if f.err == nil {
			f.notePart()
			f.err = f.in.Fill()
		}
		if f.err == readbuf.ErrEmpty {
			f.err = nil
			return nil, readbuf.ErrEmpty
		}
	}
	f.in.Close()
	f.joined = nil
	return nil, f.err
}

// count calls afford with the bytes held of a message that has not come whole, if their
// number has changed. Fewer than an idle connection may hold count as 0.
func (f *frameReader) count() error {
	held := len(f.in.Unread()) + len(f.joined)
	if held < readbuf.KeptSize {
		held = 0
	}
	if held == f.counted || f.afford == nil {
		return nil
	}
	f.counted = held
	return f.afford(held)
}

// notePart counts what has come since the last call of a message that is not whole. A
// control frame in its midst is no part of it.
func (f *frameReader) notePart() {
	if held := len(f.in.Unread()) + len(f.joined); f.plain && held > 0 && held != f.held {
		f.held = held
		f.parts.Add(1)
	}
}

// forget drops the joined message that was returned. Memory is kept for the next only
// if it is little: messages in fragments are rare.
func (f *frameReader) forget() {
	if !f.given {
		return
	}
	f.given = false
	f.joined = f.joined[:0]
	if cap(f.joined) > readbuf.KeptSize {
		f.joined = nil
	}
}

func (f *frameReader) takeArrived() error {
	for len(f.in.Batch) < readbuf.MaxBatch && !f.given {
		if err := f.takeWhole(); err != nil {
			return err
		}
		if more, err := f.step(); !more || err != nil {
			return err
		}
	}
	return nil
}

// takeWhole takes what is sent nearly always, the short way: messages in one frame
// of less than 64 KiB that has arrived. It leaves all others to step.
func (f *frameReader) takeWhole() error {
	if f.open || f.inside {
		return nil
	}
	unread, batch := f.in.Unread(), f.in.Batch
	most := len(batch) + int(min(f.free, int64(readbuf.MaxBatch-len(batch))))
	at, size, bit := 0, maskSize, byte(maskBit)
	if f.plain {
		size, bit = 0, 0
	}
	var err error
	for len(batch) < most && len(unread)-at >= 2+size {
		b := unread[at:]
		kind := bridge.Kind(b[0] ^ frame.FinalBit)
		if kind&f.takes == 0 || kind > bridge.Binary {
			break // a fragment, a control frame, or the other kind
		}
		n, head := int(b[1]^bit), 2+size
		if n == 126 && len(b) >= 4+size {
			n, head = int(binary.BigEndian.Uint16(b[2:])), 4+size
		} else if n > 125 {
			break // longer, or masked where it must not be, or not where it must
		}
		if head+n > len(b) || f.limit >= 0 && int64(n) > f.limit {
			break
		}
		payload := b[head : head+n : head+n]
		if !f.plain {
			applyMask(payload, binary.LittleEndian.Uint32(b[head-maskSize:]))
		}
		if kind == bridge.Text && !utf8.Valid(payload) {
			if err = errNotUTF8; f.limit < 0 {
				batch = f.cutInvalid(batch, payload)
			}
			break
		}
		batch = append(batch, bridge.Message{Kind: kind, Data: payload})
		at += head + n
	}
	f.free -= int64(len(batch) - len(f.in.Batch))
	f.in.Batch = batch
	f.in.Use(at)
	return err
}

// step takes one header, or what has arrived of one payload. more is false when
// something must arrive first.
func (f *frameReader) step() (more bool, err error) {
	switch {
	case !f.inside:
		return f.begin()
	case f.head.control():
		return f.takeControl()
	case f.kind&f.takes == 0:
		f.in.Use(len(f.fresh()))
		return f.ended(), nil
	case f.limit < 0:
		return f.takePiece()
	case f.open || f.head.opcode() == frame.OpContinuation:
		return f.takeFragment()
	}
	return f.takeFrame()
}

// begin takes a header. A close frame waits until the messages before it are returned.
func (f *frameReader) begin() (bool, error) {
	head, n, ok, err := parseHeader(f.in.Unread(), f.open, !f.plain)
	if !ok || err != nil || head.opcode() == frame.OpClose && len(f.in.Batch) > 0 {
		return false, err
	}
	if !head.control() {
		if begins := head.opcode() != frame.OpContinuation; begins && f.free == 0 {
			f.holds = true
			return false, nil
		} else if begins {
			f.free--
		}
		if err := f.announce(&head); err != nil {
			return false, err
		}
	}
	f.in.Use(n)
	f.head, f.inside, f.at = head, true, 0
	return true, nil
}

// announce adds the size of a data frame to that of its message.
func (f *frameReader) announce(head *header) error {
	if head.opcode() != frame.OpContinuation {
		f.kind, f.size, f.valid = bridge.Kind(head.opcode()), 0, 0
		if f.kind&f.takes == 0 && f.other != nil {
			if err := f.other(); err != nil {
				return err
			}
			f.other = nil
		}
	}
	f.open = !head.final()
	f.size += head.length
	if f.size>>63 != 0 || f.limit >= 0 && f.size > uint64(f.limit) {
		return errTooBig
	}
	return nil
}

// fresh unmasks and returns what has newly arrived of the payload. It begins at the
// first unread byte, so takeFrame, which leaves unmasked bytes unread, cannot use it.
func (f *frameReader) fresh() []byte {
	b := f.in.Unread()
	b = b[:min(uint64(len(b)), f.head.length-f.at)]
	applyMask(b, rotated(f.head.mask, f.at))
	f.at += uint64(len(b))
	return b
}

// ended reports whether the payload is used up.
func (f *frameReader) ended() bool {
	f.inside = f.at < f.head.length
	return !f.inside
}

func (f *frameReader) takeControl() (bool, error) {
	b := f.in.Unread()
	if uint64(len(b)) < f.head.length {
		return false, nil
	}
	payload := f.fresh()
	f.in.Use(len(payload))
	f.inside = false
	return true, f.control(f.head.opcode(), payload)
}

// takeFrame takes an unfragmented message once its whole payload is in the buffer.
func (f *frameReader) takeFrame() (bool, error) {
	unread := f.in.Unread()
	have := min(uint64(len(unread)), f.head.length)
	applyMask(unread[f.at:have], rotated(f.head.mask, f.at))
	f.at = have
	payload := unread[:have:have]
	if err := f.check(payload, f.at == f.head.length); err != nil || !f.ended() {
		return false, err
	}
	f.in.Use(len(payload))
	f.in.Batch = append(f.in.Batch, bridge.Message{Kind: f.kind, Data: payload})
	return true, nil
}

// takeFragment joins fragments.
func (f *frameReader) takeFragment() (bool, error) {
	b := f.fresh()
	f.joined = append(f.joined, b...)
	f.in.Use(len(b))
	ended := f.ended()
	f.given = ended && !f.open
	if err := f.check(f.joined, f.given); err != nil {
		return false, err
	}
	if f.given {
		f.in.Batch = append(f.in.Batch, bridge.Message{Kind: f.kind, Data: f.joined})
	}
	return ended, nil
}

// check returns an error if the payload of a text message is not UTF-8. It begins where
// the payload is not known to be valid. A whole one may not end inside a character.
func (f *frameReader) check(payload []byte, whole bool) error {
	if f.kind != bridge.Text {
		return nil
	}
	n, ok := text.ValidPrefix(payload[f.valid:])
	f.valid += n
	if !ok || whole && f.valid < len(payload) {
		return errNotUTF8
	}
	return nil
}

// takePiece passes on what has arrived of a message without a limit.
func (f *frameReader) takePiece() (bool, error) {
	b := f.fresh()
	f.in.Use(len(b))
	ended := f.ended()
	last := ended && !f.open
	var err error
	if f.kind == bridge.Text {
		b, err = f.cutText(b, last)
	}
	if len(b) > 0 || last && err == nil {
		f.in.Batch = append(f.in.Batch, bridge.Message{Kind: f.kind, More: !last || err != nil, Data: b})
	}
	return ended, err
}

// cutText returns the whole characters of b. The beginning of a character that is cut
// off is kept in partial, and put before what comes next.
func (f *frameReader) cutText(b []byte, last bool) ([]byte, error) {
	for len(f.partial) > 0 && len(b) > 0 {
		f.partial = append(f.partial, b[0])
		b = b[1:]
		n, ok := text.ValidPrefix(f.partial)
		if !ok {
			return nil, errNotUTF8
		}
		if n > 0 {
			f.in.Batch = append(f.in.Batch, bridge.Message{Kind: bridge.Text, More: true, Data: f.partial})
			f.partial = nil
		}
	}
	n, ok := text.ValidPrefix(b)
	if ok && n < len(b) {
		f.partial = append(f.partial, b[n:]...)
	}
	if !ok || last && len(f.partial) > 0 {
		return b[:n], errNotUTF8
	}
	return b[:n], nil
}

// cutInvalid appends the valid beginning of an invalid whole message, as takePiece does.
func (f *frameReader) cutInvalid(batch []bridge.Message, payload []byte) []bridge.Message {
	if n, _ := text.ValidPrefix(payload); n > 0 {
		batch = append(batch, bridge.Message{Kind: bridge.Text, More: true, Data: payload[:n]})
	}
	return batch
}
