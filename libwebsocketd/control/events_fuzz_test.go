package control

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// FuzzEventRequest has a client with a subscription send what it may send, and compares the
// answers and the subscription with what an oracle reads in the message: in values of any type,
// by rules of its own. There are no programs.
func FuzzEventRequest(f *testing.F) {
	for _, seed := range []string{
		`{"type":"subscribe","id":"1","data":{"events":["process_status","process_metrics"],"processes":["api"],"interval":500}}`,
		`{"type":"subscribe","id":7,"data":{"events":["nothing","system_metrics",null],"processes":null,"interval":1}}`,
		`{"type":"subscribe","data":{"events":[],"interval":"1"}}`, `{"type":"subscribe","data":{"events":"process_status"}}`, `{"type":"subscribe"}`, `{"type":"subscribe","data":null}`,
		`{"type":"subscribe","data":{"events":["log_message"],"processes":[null,"a"],"interval":-1e9}}`, `{"type":"subscribe","data":{"events":["log_message"],"processes":[]}}`,
		`{"type":"unsubscribe","data":{"events":["log_message"]}}`, `{"type":"unsubscribe","data":{"events":["log_message","process_event","x"]}}`, `{"type":"unsubscribe","data":[]}`,
		`{"type":"command","id":{},"data":{"action":"start","process":"x","config":{}}}`, `{"type":"command","id":true,"data":{"action":"start","process":"x","config":null}}`,
		`{"type":"command","data":{"action":"explode"}}`, `{"type":"command","data":{"action":"stop","process":7}}`, `{"type":"command","data":5}`, `{"type":"command"}`,
		`{"type":"get_info","id":"\u0041","data":{"process":"x"}}`, `{"type":"get_info"}`, `{"type":"get_system","id":[1]}`, `{"type":"get_system","data":"x"}`,
		`{"type":"ping"}`, `{"type":5}`, `[]`, `null`, `{}`, `{"type":"get_system"}x`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, message string) {
		want, clear := foresee(message)
		if !clear {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			c, join := wired(t)
			l, client := join()
			c.events.obey(client, []byte(`{"type":"subscribe","data":{"events":["log_message","process_event"],"processes":["was"]}}`))
			c.events.obey(client, []byte(message))
			var got foreseen
			for _, m := range l.take() {
				answer := m.Type
				if m.Type == "error" {
					answer += fmt.Sprint(" ", m.Data["code"])
				}
				if !slices.Contains(eventTypes, m.Type) {
					answer += fmt.Sprintf(" to %v", m.ID)
				}
				got.answers = append(got.answers, answer)
			}
			if has := c.events.listeners[client]; has != nil {
				got.events, got.programs, got.interval = slices.Sorted(maps.Keys(has.events)), has.programs, has.interval
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%q\nis    %+v\nwanted %+v", message, got, want)
			}
		})
	})
}

// foreseen is what a message should lead to.
type foreseen struct {
	answers  []string
	events   []string
	programs []string
	interval time.Duration
}

// foresee is the oracle. It is not clear about members that stand twice, or are not written as
// they should be: these encoding/json decides.
func foresee(message string) (w foreseen, clear bool) {
	w = foreseen{events: []string{eventLog, eventProcess}, programs: []string{"was"}, interval: time.Second}
	if !json.Valid([]byte(message)) {
		return w, true
	}
	var whole any
	if json.Unmarshal([]byte(message), &whole) != nil || !isPlain(json.NewDecoder(strings.NewReader(message))) {
		return w, false
	}
	top, _ := whole.(map[string]any)
	kind, _ := top["type"].(string)
	data, isObject := top["data"].(map[string]any)
	to := top["id"]
	switch id := to.(type) {
	case map[string]any, []any:
		to = nil
	case string:
		if len(id) > 40 { // it may be too long as it is written
			return w, false
		}
	case float64:
		if len(message) > mostID {
			return w, false
		}
	}
	answer := func(what string) { w.answers = append(w.answers, fmt.Sprintf("%s to %v", what, to)) }
	text := func(key string) string { value, _ := data[key].(string); return value }
	switch kind {
	case "subscribe", "unsubscribe":
		w.subscribe(kind == "subscribe", data, isObject, answer)
	case "command":
		switch action := text("action"); {
		case !slices.Contains([]string{"start", "stop", "restart", "reload", "delete"}, action):
			answer("error INVALID_ACTION")
		case action == "start" && data["config"] != nil:
			answer("error FORBIDDEN")
		default:
			answer("error PROCESS_NOT_FOUND")
		}
	case "get_info":
		answer("error PROCESS_NOT_FOUND")
	case "get_system":
		answer("get_system_result")
	}
	return w, true
}

// subscribe foresees what a subscription or its end does.
func (w *foreseen) subscribe(begins bool, data map[string]any, isObject bool, answer func(string)) {
	events, ok := words(data["events"])
	programs, isList := words(data["processes"])
	interval, isNumber := data["interval"].(float64)
	if !isObject || !ok || !isList || !isNumber && data["interval"] != nil || len(events) == 0 || len(programs) > 1000 {
		answer("error INVALID_EVENT")
		return
	}
	known := map[string]bool{}
	for _, event := range events {
		switch event {
		case "process_status", "process_metrics", "system_metrics", "health_update", "process_event", "log_message":
			known[event] = true
		default:
			answer("error INVALID_EVENT")
		}
	}
	switch {
	case len(known) == 0:
	case begins:
		for _, event := range []string{"process_metrics", "system_metrics"} {
			if known[event] {
				w.answers = append(w.answers, event)
			}
		}
		w.events = append(w.events, slices.Collect(maps.Keys(known))...)
		slices.Sort(w.events)
		w.events, w.programs, w.interval = slices.Compact(w.events), programs, time.Second
		if isNumber {
			w.interval = time.Duration(min(max(interval, 100), 3600_000)) * time.Millisecond
		}
	default:
		w.events = slices.DeleteFunc(w.events, func(event string) bool { return known[event] })
		if len(w.events) == 0 {
			w.events, w.programs, w.interval = nil, nil, 0
		}
	}
}

// words returns a list of texts, where null is an empty one; ok if value is one, or null.
func words(value any) (list []string, ok bool) {
	if value == nil {
		return nil, true
	}
	all, ok := value.([]any)
	list = []string{}
	for _, each := range all {
		text, isText := each.(string)
		ok = ok && (isText || each == nil)
		list = append(list, text)
	}
	return list, ok
}

// isPlain reports whether no object has a member twice, or one that only nearly has a name that
// means something. It reads one value.
func isPlain(from *json.Decoder) bool {
	token, err := from.Token()
	delimiter, nests := token.(json.Delim)
	if err != nil || !nests {
		return err == nil
	}
	seen := map[string]bool{}
	for from.More() {
		if delimiter == '{' {
			key, _ := from.Token()
			name := key.(string)
			for _, means := range []string{"type", "id", "data", "events", "processes", "interval", "action", "process", "config"} {
				if name != means && strings.EqualFold(name, means) {
					return false
				}
			}
			if seen[name] {
				return false
			}
			seen[name] = true
		}
		if !isPlain(from) {
			return false
		}
	}
	_, err = from.Token()
	return err == nil
}
