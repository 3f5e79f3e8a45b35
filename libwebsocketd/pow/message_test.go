package pow

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var callMessages = []string{
	`{"call":"a"}`, `{"call":"a","params":[]}`, `{"call":"a","params":null}`, `{"call":"a","params":["x","\u00e4\n\"",""]}`,
	" \t\r\n{ \"CaLL\" : \"a\" , \"PARAMS\" : [ \"x\" ] , \"more\" : { \"call\" : 1 } }\n", `{"call":"a","call":"b","Call":"c"}`,
	`{"call":"a","Call":1}`, `{"params":["x"],"params":null,"call":"a"}`, `{"ca\u006cl":"a"}`, `{"params":["\ud800"]}`, "{\"c\u0130ll\":1,\"param\u017f\":[1]}",
	`{}`, `{"call":null}`, `{"call":7}`, `{"call":["a"]}`, `{"call":"a","params":"x"}`, `{"call":"a","params":[1]}`, `{"call":"a","params":[null]}`, `{"call":"a","params":[["x"]]}`,
	`{"call":"a","params":{}}`, ``, ` `, `null`, `true`, `"a"`, `[]`, `[{}]`, `{`, `{"call"}`, `{"call":"a",}`, `{"call":"a"} {}`, `{"call":"a"}x`, "{\"call\":\"\xff\"}", "{\"\xff\":1}", "\ufeff{}",
	"{\"call\":\"\x01\"}", `{"call":"a\u0000"}`, strings.Repeat(`{"a":`, 20000), `{"a":` + strings.Repeat("[", 9998) + strings.Repeat("]", 9998) + `}`,
}

var signalMessages = []string{
	`{"signal":"close"}`, `{"signal":"cancel"}`, " {\"SIGNAL\": \"\\u0063lose\"} ", `{"signal":"cancel","signal":"close"}`, `{"signal":"close","signal":null}`, "{\"\u017fignal\":\"close\"}",
	`{"signal":"Close"}`, `{"signal":"hangup"}`, `{"signal":""}`, `{"signal":null}`, `{"signal":1}`, `{"signal":["close"]}`, `{}`, `[]`, `null`, `"close"`, ``, `close`, `{"call":"a"}`,
	`{"signal":"close"}{}`, "{\"signal\":\"close\",\"x\":\"\xc3\"}",
}

// member returns the last value with a key of a JSON object, in any case; nil if there is
// none. ok is false if data is no such object. It knows nothing of how package pow reads one.
func member(data []byte, key string) (value json.RawMessage, ok bool) {
	if !utf8.Valid(data) || !json.Valid(data) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if begin, err := d.Token(); err != nil || begin != json.Delim('{') {
		return nil, false
	}
	for d.More() {
		name, err := d.Token()
		var v json.RawMessage
		if err != nil || d.Decode(&v) != nil {
			return nil, false
		}
		if strings.EqualFold(name.(string), key) {
			value = v
		}
	}
	return value, true
}

// isText returns the text of a JSON string.
func isText(value json.RawMessage) (text string, ok bool) {
	return text, len(value) > 0 && value[0] == '"' && json.Unmarshal(value, &text) == nil
}

// oracleCall reads a call message in another way.
func oracleCall(data []byte) (c Call, ok bool) {
	name, ok := member(data, "call")
	if name != nil {
		c.Name, ok = isText(name)
	}
	if !ok {
		return Call{}, false
	}
	params, _ := member(data, "params")
	var all []json.RawMessage
	if params == nil || string(params) == "null" {
		return c, true
	}
	if params[0] != '[' || json.Unmarshal(params, &all) != nil {
		return Call{}, false
	}
	for _, p := range all {
		text, ok := isText(p)
		if !ok {
			return Call{}, false
		}
		c.Params = append(c.Params, text)
	}
	return c, true
}

func checkCall(t *testing.T, data []byte) {
	t.Helper()
	want, ok := oracleCall(data)
	got, err := parseCall(data)
	if err != nil && err != errProtocol || ok != (err == nil) || got.Name != want.Name || !slices.Equal(got.Params, want.Params) {
		t.Fatalf("%q is %q, %v; the oracle says %q, %t", data, got, err, want, ok)
	}
	if err != nil {
		return
	}
	again, err := json.Marshal(map[string]any{"call": got.Name, "params": got.Params})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := parseCall(again); err != nil || c.Name != got.Name || !slices.Equal(c.Params, got.Params) {
		t.Fatalf("%q, written again: %q, %v", got, c, err)
	}
}

func checkSignal(t *testing.T, data []byte) {
	t.Helper()
	value, ok := member(data, "signal")
	want, isString := isText(value)
	ok = ok && isString && (want == "close" || want == "cancel")
	got, err := parseSignal(data)
	if err != nil && err != errProtocol || ok != (err == nil) || ok && got != want {
		t.Fatalf("%q is %q, %v; the oracle says %q, %t", data, got, err, want, ok)
	}
}

// FuzzCall compares what is read of a call message with the oracle.
func FuzzCall(f *testing.F) {
	for _, m := range callMessages {
		f.Add([]byte(m))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkCall(t, data) })
}

// FuzzSignal compares what is read of a signal with the oracle.
func FuzzSignal(f *testing.F) {
	for _, m := range append(signalMessages, callMessages...) {
		f.Add([]byte(m))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkSignal(t, data) })
}

// TestMessages: of each message that is listed it is known by hand what it is.
func TestMessages(t *testing.T) {
	good := 0
	for _, m := range callMessages {
		if _, err := parseCall([]byte(m)); err == nil {
			good++
		}
	}
	if good != 12 {
		t.Errorf("%d calls are good", good)
	}
	c, err := parseCall([]byte(callMessages[4]))
	if err != nil || c.Name != "a" || !slices.Equal(c.Params, []string{"x"}) {
		t.Errorf("%q, %v", c, err)
	}
	for i, m := range signalMessages {
		if _, err := parseSignal([]byte(m)); (err == nil) != (i < 4 || i == 5) {
			t.Errorf("%q: %v", m, err)
		}
	}
}
