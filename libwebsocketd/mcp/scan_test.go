package mcp

import (
	"bytes"
	"encoding/json"
	"testing"
)

// texts are messages, and what looks like some.
var texts = []string{
	`{"jsonrpc":"2.0","id":1,"method":"ping"}`,
	` { "jsonrpc" : "2.0" , "id" : "a\u0062" , "method" : "tools/call" , "params" : { "_meta" : { "progressToken" : [1,{"a":"]"}] } , "name" : "x\"}" } } `,
	`{"jsonrpc":"2.0","id":9007199254740993,"result":{"_meta":{"io.modelcontextprotocol/subscriptionId":7},"x":[]}}`,
	`{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":0.5}}`,
	`{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":""}}`,
	`{"\u0069d":1,"jsonrpc":"2.0","method":"m","ID":2}`, `{"jsonrpc":"2.0","id":1,"id":2,"method":"m"}`,
	`{}`, `[]`, `"x"`, `-1.5e+3`, `{"a":{"b":{"c":[[[{}]]]}}}`, `[1, {"a":"\\"} ,"]"]`, `{"":"","\u0000":0}`,
}

// FuzzScan: the members of any object, and the elements of any array, are those that encoding/json
// finds, with the values that stand there.
func FuzzScan(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !isJSON(text) {
			return
		}
		at := span{skipSpace(text, 0), len(text)}
		if end := skipValue(text, at.from); len(bytes.TrimSpace(text[end:])) > 0 {
			t.Fatalf("a value of %q ends at %d", text, end)
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(text, &object) == nil && object != nil {
			got := map[string]string{}
			for name, value := range members(text, at) {
				got[string(name)] = string(value.of(text))
			}
			if len(got) != len(object) {
				t.Fatalf("%d members of %q, not %d", len(got), text, len(object))
			}
			for name, value := range object {
				if got[name] != string(value) {
					t.Fatalf("%q of %q is %q, not %q", name, text, got[name], value)
				}
			}
		}
		var array []json.RawMessage
		if json.Unmarshal(text, &array) == nil && array != nil {
			got := elements(text, at, len(text))
			if len(got) != len(array) {
				t.Fatalf("%d elements of %q, not %d", len(got), text, len(array))
			}
			for i := range array {
				if string(got[i].of(text)) != string(array[i]) {
					t.Fatalf("element %d of %q is %q", i, text, got[i].of(text))
				}
			}
		}
	})
}

// FuzzParse: what is taken for a message is one for encoding/json too, whose parts are the same
// though it takes the last of two names, and names in any case.
func FuzzParse(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !isJSON(text) {
			return
		}
		m, err := parse(text)
		if err != nil {
			return
		}
		var want struct {
			JSONRPC string
			ID      json.RawMessage
			Method  string
			Params  json.RawMessage
			Result  json.RawMessage
			Error   json.RawMessage
		}
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if want.JSONRPC != "2.0" || want.Method != m.method || m.kind != notification && string(want.ID) != string(m.id.of(m.text)) ||
			string(want.Params) != string(m.params.of(m.text)) && string(want.Params) != "" {
			t.Fatalf("%q: %+v is %+v", text, m, want)
		}
		out := splice(m.text, change{m.id, []byte("12345")})
		if m.id.isSet() && !bytes.Contains(out, []byte("12345")) || !json.Valid(out) {
			t.Fatalf("%q has become %q", text, out)
		}
	})
}
