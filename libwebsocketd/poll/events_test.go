package poll

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
)

// event is what a reader of an event stream dispatches.
type event struct{ id, kind, data string }

// parseEvents is HTML section 9.2.6 word by word, and shares nothing with the writer.
// rest is the id that is remembered at the end.
func parseEvents(stream string) (events []event, last string) {
	stream = strings.TrimPrefix(stream, "\ufeff")
	stream = strings.ReplaceAll(strings.ReplaceAll(stream, "\r\n", "\n"), "\r", "\n")
	var data, kind, id string
	lines := strings.Split(stream, "\n")
	for _, line := range lines[:len(lines)-1] { // an unended last line counts for nothing
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			last = id
			if data != "" {
				events = append(events, event{last, kind, strings.TrimSuffix(data, "\n")})
			}
			data, kind = "", ""
		case strings.HasPrefix(line, ":"):
		case field == "event":
			kind = value
		case field == "data":
			data += value + "\n"
		case field == "id" && !strings.Contains(value, "\x00"):
			id = value
		}
	}
	return events, last
}

// message is the message an event stands for.
func (e event) message(t *testing.T) libwebsocketd.Message {
	t.Helper()
	m := libwebsocketd.Message{Kind: libwebsocketd.Text, Data: []byte(e.data)}
	var err error
	switch e.kind {
	case "":
	case "json":
		var s string
		err = json.Unmarshal(m.Data, &s)
		m.Data = []byte(s)
	case "base64":
		m.Kind = libwebsocketd.Binary
		m.Data, err = base64.StdEncoding.DecodeString(e.data)
	default:
		t.Fatalf("an event %q", e.kind)
	}
	if err != nil {
		t.Fatalf("%+v: %v", e, err)
	}
	return m
}

// FuzzEvents writes three messages and reads them back.
func FuzzEvents(f *testing.F) {
	for _, s := range testkit.Awkward {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Add([]byte("\xff\x00\xfe"), true)
	f.Fuzz(func(t *testing.T, data []byte, binary bool) {
		kind := libwebsocketd.Text
		if binary {
			kind = libwebsocketd.Binary
		} else if !utf8.Valid(data) {
			t.Skip("no text")
		}
		w := events{epoch: "e"}
		stream := []byte(w.Comment())
		for i, data := range [][]byte{[]byte("before"), data, []byte("behind")} {
			stream = w.Message(stream, uint64(i)+7, &libwebsocketd.Message{Kind: kind, Data: data})
			stream = append(stream, w.Comment()...)
		}
		got, last := parseEvents(string(stream))
		if len(got) != 3 || last != "e:9" || got[1].id != "e:8" {
			t.Fatalf("%q became %+v, %q", data, got, last)
		}
		if m := got[1].message(t); m.Kind != kind || !bytes.Equal(m.Data, data) {
			t.Errorf("%q became %d %q", data, m.Kind, m.Data)
		}
	})
}

// TestEvents has the letters of every event.
func TestEvents(t *testing.T) {
	t.Parallel()
	w := events{epoch: "e", trailer: true}
	trailer := http.Header{}
	text := func(s string) *libwebsocketd.Message {
		return &libwebsocketd.Message{Kind: libwebsocketd.Text, Data: []byte(s)}
	}
	for name, test := range map[string]struct {
		got  []byte
		want string
	}{
		"line":    {w.Message(nil, 1, text("a")), "id: e:1\ndata: a\n\n"},
		"empty":   {w.Message(nil, 2, text("")), "id: e:2\ndata: \n\n"},
		"lines":   {w.Message(nil, 3, text("a\n\nb")), "id: e:3\ndata: a\ndata: \ndata: b\n\n"},
		"CR":      {w.Message(nil, 4, text("a\r<b>")), "id: e:4\nevent: json\ndata: \"a\\r<b>\"\n\n"},
		"binary":  {w.Message(nil, 5, &libwebsocketd.Message{Kind: libwebsocketd.Binary, Data: []byte("\xff\n")}), "id: e:5\nevent: base64\ndata: /wo=\n\n"},
		"gap":     {w.Note(nil, 9, &libwebsocketd.Note{From: 6, To: 9}), "id: e:9\nevent: gap\ndata: {\"from\":6,\"to\":9}\n\n"},
		"said":    {w.Note(nil, 9, &libwebsocketd.Note{Said: "for you"}), "id: e:9\ndata: for you\n\n"},
		"restart": {w.Note(nil, 9, &libwebsocketd.Note{Restarted: "exit status 3"}), "id: e:9\nevent: restart\ndata: {\"reason\":\"exit status 3\"}\n\n"},
		"end": {w.End(nil, 9, &libwebsocketd.CloseWith{Code: 4003, Reason: "exit status 3"}, trailer),
			"id: e:9\nevent: end\ndata: {\"code\":4003,\"reason\":\"exit status 3\"}\n\n"},
		"comment": {[]byte(w.Comment()), ":\n"},
	} {
		if string(test.got) != test.want {
			t.Errorf("%s: %q, want %q", name, test.got, test.want)
		}
	}
	if got := trailer.Get("Websocketd-Exit"); got != "4003 exit status 3" {
		t.Errorf("the trailer is %q", got)
	}
	if one, other := newEvents(), newEvents(); one.epoch == other.epoch {
		t.Error("two streams count in the same epoch")
	}
}

// TestPlain has the letters of an answer that is no event stream.
func TestPlain(t *testing.T) {
	t.Parallel()
	m := &libwebsocketd.Message{Kind: libwebsocketd.Text, Data: []byte("a")}
	for _, test := range []struct {
		program           libwebsocketd.Program
		message, mimeType string
	}{
		{libwebsocketd.Program{}, "a\n", "text/plain; charset=utf-8"},
		{libwebsocketd.Program{Settings: libwebsocketd.Settings{Framing: libwebsocketd.FramingNull}}, "a\n", "text/plain; charset=utf-8"},
		{libwebsocketd.Program{Settings: libwebsocketd.Settings{Framing: libwebsocketd.FramingRaw}}, "a", "text/plain; charset=utf-8"},
		{libwebsocketd.Program{Settings: libwebsocketd.Settings{Framing: libwebsocketd.FramingLength}}, "a", "application/octet-stream"},
		{libwebsocketd.Program{Settings: libwebsocketd.Settings{Binary: true}}, "a", "application/octet-stream"},
	} {
		f, h := newPlain(&test.program, true), http.Header{}
		f.Header(h)
		if got := string(f.Message(nil, 1, m)); got != test.message || h.Get("Content-Type") != test.mimeType || h.Get("Trailer") != exitHeader {
			t.Errorf("%+v: %q, %q", f, got, h)
		}
		if got := f.End(nil, 1, &libwebsocketd.CloseWith{Code: 1011, Reason: "a\r\nb: c"}, h); len(got) > 0 || h.Get(exitHeader) != "1011 a  b: c" {
			t.Errorf("%+v ends with %q and %q", f, got, h.Get(exitHeader))
		}
	}
	if got := string(plainForm{}.Note(nil, 3, &libwebsocketd.Note{From: 1, To: 3})); got != "[websocketd: 3 messages dropped]\n" {
		t.Errorf("%q", got)
	}
}
