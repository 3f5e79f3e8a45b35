package hub

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
	"weak"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/text"
)

// Types of messages.
const (
	TypeOutput      = "process_output" // a line of a process; data is a string
	TypeStatus      = "process_status" // data is {"status":"..","exitCode":N}
	TypeEvent       = "event"          // data is {"event":"..","data":..}
	TypeError       = "error"          // data is a sentence
	TypeSubscribe   = "subscribe"
	TypeSubscribed  = "subscribed"
	TypeUnsubscribe = "unsubscribe"
	TypePing        = "ping"
	TypePong        = "pong"
)

// Message is what a client is sent. The hub sets Channel, if it is for a channel, and the
// time.
type Message struct {
	Type      string
	ProcessID string // "" is none
	Data      any    // anything that encoding/json takes; left out if it is nil
}

// item is one entry of a channel's record: lines of a process, or a message.
type item struct {
	at      time.Time
	kind    string // Message.Type
	process string // Message.ProcessID
	lines   *lines // of TypeOutput: a message for each
	data    []byte // of other types: JSON, or nil

	forming  sync.Mutex
	released bool                                       // it was dropped, and its text belongs to another item; forming guards it
	formed   atomic.Pointer[weak.Pointer[bridge.Chunk]] // kept by those who write it, and by recent
}

// itemCost is what an item costs in memory, without its data.
const itemCost = 192

// newItem returns an item of one message.
func newItem(m Message) (*item, error) {
	it := &item{at: time.Now(), kind: m.Type, process: m.ProcessID}
	if m.Data != nil {
		data, err := encode(m.Data)
		if err != nil {
			return nil, err
		}
		it.data = data
	}
	return it, nil
}

// encode returns a value as JSON in one line.
func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	to := json.NewEncoder(&b)
	to.SetEscapeHTML(false)
	if err := to.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

// size returns what keeping the item costs.
func (it *item) size() int {
	if it.lines != nil {
		return itemCost + it.lines.size()
	}
	return itemCost + len(it.data)
}

// frames returns the item as its subscribers get it, in frames, of which the first has
// number first in the channel. Thousands come for it at once, and find it formed. It returns nil
// if the item was dropped meanwhile.
func (it *item) frames(ch *Channel, first uint64) *bridge.Chunk {
	if c := it.found(); c != nil {
		return c
	}
	it.forming.Lock()
	defer it.forming.Unlock()
	if c := it.found(); c != nil {
		return c
	}
	if it.released {
		return nil
	}
	c := bridge.NewChunk(it.messages(ch, first))
	formed := weak.Make(c)
	it.formed.Store(&formed)
	ch.hub.recent.keep(c)
	return c
}

// found returns what was formed, nil if that was not or is gone.
func (it *item) found() *bridge.Chunk {
	if formed := it.formed.Load(); formed != nil {
		return formed.Value()
	}
	return nil
}

// messages returns the item as JSON, one message for each line.
func (it *item) messages(ch *Channel, first uint64) []bridge.Message {
	head, tail := it.head(ch), it.tail(ch)
	if it.lines == nil {
		b := append(head, it.data...)
		if it.data == nil {
			b = bytes.TrimSuffix(b, []byte(`,"data":`))
		}
		return []bridge.Message{{Kind: bridge.Text, Data: it.end(b, tail, ch, first)}}
	}
	count := it.lines.count
	all := make([]bridge.Message, 0, count)
	b := make([]byte, 0, it.lines.size()+count*(len(head)+len(tail)+32))
	for m := range it.lines.messages() {
		from := len(b)
		b = append(b, head...)
		b = appendLine(b, &m)
		b = it.end(b, tail, ch, first+uint64(len(all)))
		all = append(all, bridge.Message{Kind: bridge.Text, Data: b[from:len(b):len(b)]})
	}
	return all
}

// head returns a message up to its data.
func (it *item) head(ch *Channel) []byte {
	b := append([]byte(`{"type":`), quote(it.kind)...)
	if ch.name != "" {
		b = append(append(b, `,"channel":`...), quote(ch.name)...)
	}
	if it.process != "" {
		b = append(append(b, `,"processId":`...), quote(it.process)...)
	}
	return append(b, `,"data":`...)
}

// tail returns what follows the data, up to the number.
func (it *item) tail(ch *Channel) []byte {
	b := it.at.UTC().AppendFormat([]byte(`,"timestamp":"`), time.RFC3339Nano)
	if ch.name == "" {
		return append(b, `"}`...)
	}
	b = append(append(b, `","epoch":"`...), ch.record.Epoch()...)
	return append(b, `","seq":`...)
}

// end appends the tail, and the number if the channel has numbers.
func (it *item) end(b, tail []byte, ch *Channel, number uint64) []byte {
	b = append(b, tail...)
	if ch.name == "" {
		return b
	}
	return append(strconv.AppendUint(b, number, 10), '}')
}

// appendLine appends a line as a JSON string. A binary message is in base64, and says so.
func appendLine(b []byte, m *bridge.Message) []byte {
	if m.Kind == bridge.Binary {
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, m.Data)
		return append(b, `","encoding":"base64"`...)
	}
	return appendQuoted(b, m.Data)
}

// quote returns s as a JSON string.
func quote(s string) []byte { return appendQuoted(nil, []byte(s)) }

// appendQuoted appends s as a JSON string (RFC 8259 section 7). What is not UTF-8 becomes
// U+FFFD.
func appendQuoted(b, s []byte) []byte {
	if !utf8.Valid(s) {
		s = text.Valid(s)
	}
	b = append(b, '"')
	from := 0
	for i, c := range s {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		b = appendEscaped(b, c)
		from = i + 1
	}
	return append(append(b, s[from:]...), '"')
}

func appendEscaped(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// reply returns a message to one client.
func reply(m Message, more ...string) []byte {
	it, err := newItem(m)
	if err != nil { // what is sent here is always JSON
		it = &item{at: time.Now(), kind: TypeError}
	}
	b := append([]byte(`{"type":`), quote(it.kind)...)
	for i := 0; i+1 < len(more); i += 2 {
		b = append(append(append(b, ',', '"'), more[i]...), `":`...)
		b = append(b, more[i+1]...)
	}
	if it.data != nil {
		b = append(append(b, `,"data":`...), it.data...)
	}
	b = it.at.UTC().AppendFormat(append(b, `,"timestamp":"`...), time.RFC3339Nano)
	return append(b, `"}`...)
}

// recent keeps what was formed last, so that subscribers that are about as far as one
// another find it formed. What is older is formed again.
type recent struct {
	mu     sync.Mutex
	chunks []*bridge.Chunk
	bytes  int
}

// mostFormed bounds the bytes that recent keeps.
const mostFormed = 4 << 20

func (r *recent) keep(c *bridge.Chunk) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.chunks = append(r.chunks, c)
	for r.bytes += c.Size(); r.bytes > mostFormed; r.chunks = r.chunks[1:] {
		r.bytes -= r.chunks[0].Size()
		r.chunks[0] = nil
	}
}
