package hub

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/testkit"
)

// FuzzEnvelope parses what the hub forms with encoding/json: it is what was published, whatever
// that is.
func FuzzEnvelope(f *testing.F) {
	for _, seed := range []string{"", "plain", "a\"b\\c/</script>", "\x00\x01\x1f\x7f", "\u2028\u2029\ufeff", "\xff\xfe", "a\xf0\x9f\x98", "\xed\xa0\x80", "\r\n\t", "\U0001f600"} {
		f.Add("process_output", "build-1", "process:build-1", []byte(seed), false, int64(5))
		f.Add(seed, seed, seed, []byte(seed), true, int64(1700000000123456789))
	}
	f.Fuzz(func(t *testing.T, kind, process, channel string, data []byte, binary bool, at int64) {
		h := New(Options{})
		ch := h.newChannel(channel, Limits{})
		time := time.Unix(0, at)
		m := bridge.Message{Kind: bridge.Text, Data: data}
		if binary {
			m.Kind = bridge.Binary
		}
		lines := &item{at: time, kind: kind, process: process, lines: linesOf([]bridge.Message{m, m})}
		want := envelope{Type: valid(kind), Channel: valid(channel), ProcessID: valid(process), Data: valid(string(data)), at: time}
		if binary {
			want.Data, want.Encoding = base64.StdEncoding.EncodeToString(data), "base64"
		}
		all := lines.messages(ch, 7)
		if len(all) != 2 {
			t.Fatalf("%d messages", len(all))
		}
		want.compare(t, ch, all[0].Data, 7)
		want.compare(t, ch, all[1].Data, 8)

		plain := &item{at: time, kind: kind, process: process}
		want.Data, want.Encoding = nil, ""
		want.compare(t, ch, plain.messages(ch, 1<<63)[0].Data, 1<<63)
		object := map[string]any{"k" + valid(string(data)): []any{valid(string(data)), float64(at), nil, true}}
		plain.data, _ = encode(object)
		want.Data = object
		want.compare(t, ch, plain.messages(ch, 1)[0].Data, 1)
		compareReply(t, valid(kind), valid(string(data)))
	})
}

type envelope struct {
	Type      string    `json:"type"`
	Channel   string    `json:"channel"`
	ProcessID string    `json:"processId"`
	Data      any       `json:"data"`
	Encoding  string    `json:"encoding"`
	Timestamp time.Time `json:"timestamp"`
	Epoch     string    `json:"epoch"`
	Seq       uint64    `json:"seq"`

	at time.Time
}

// compare compares a message with what it should say, and its members with those that there
// are.
func (e envelope) compare(t *testing.T, ch *Channel, message []byte, seq uint64) {
	t.Helper()
	var got envelope
	var members map[string]json.RawMessage
	if err := json.Unmarshal(message, &got); err != nil {
		t.Fatalf("%q: %v", message, err)
	}
	json.Unmarshal(message, &members)
	if strings.ContainsAny(string(message), "\n\r") {
		t.Errorf("%q is more than one line", message)
	}
	if !got.Timestamp.Equal(e.at) {
		t.Errorf("%v, want %v", got.Timestamp, e.at)
	}
	if e.Seq, e.Epoch = seq, ch.record.Epoch(); ch.name == "" {
		e.Seq, e.Epoch = 0, ""
	}
	got.Timestamp, e.at = time.Time{}, time.Time{}
	if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", e) {
		t.Errorf("%q: got %#v, want %#v", message, got, e)
	}
	for name, is := range map[string]bool{"channel": e.Channel != "", "processId": e.ProcessID != "", "data": e.Data != nil, "encoding": e.Encoding != "", "seq": e.Seq != 0, "type": true} {
		if _, has := members[name]; has != is {
			t.Errorf("%q: member %s is there: %v", message, name, has)
		}
	}
}

// compareReply forms an answer to one client.
func compareReply(t *testing.T, kind, text string) {
	var got envelope
	if err := json.Unmarshal(reply(Message{Type: kind, Data: text}, "channel", string(quote(text))), &got); err != nil || got.Type != kind || got.Data != text || got.Channel != text {
		t.Errorf("got %+v, %v, want %q %q", got, err, kind, text)
	}
}

// valid returns text with U+FFFD for what is not UTF-8, as TextDecoder has it.
func valid(s string) string { return testkit.OracleText([]byte(s)) }
