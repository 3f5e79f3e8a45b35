package hub

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
)

// FuzzRequest sends a hub what a client may send, and compares what it does with what an oracle
// reads in it: the members of an object as encoding/json decodes them into any, and rules of
// its own for names and positions.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		`{"type":"ping"}`, `{"type":"subscribe","data":"process:build-1"}`, `{"type":"subscribe","channel":"a","data":5}`,
		`{"type":"unsubscribe","channel":"a"}`, `{"TYPE":"ping"}`, `{"type":"ping","type":"subscribe","data":"x"}`, `{"type":"ping","Type":null}`,
		`{"type":"subscribe","channel":"","data":"b"}`, `{"type":"subscribe","data":"a","after":"EPOCH:5"}`, `{"type":"subscribe","data":"a","after":null}`,
		`{"type":"subscribe","data":"a","after":7}`, `{"type":"subscribe","data":"process:a:b"}`, `{"type":"subscribe","data":"\u0061\ud800"}`, "{\"type\":\"subscribe\",\"data\":\"\xff\"}",
		`{"type":"subscribe","channel":7,"data":"a"}`, `[]`, `null`, ` {"type" : "ping" } `, `{"type":"ping"}{}`, `{"type":"event"}`, `{"\u017fype":"ping"}`, `{"type":"subscribe","data":"a","after":"a:18446744073709551616"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, message string) {
		synctest.Test(t, func(t *testing.T) {
			unknown := 0
			h, serving, stop := run(Options{Unknown: func(_ *Client, m []byte) {
				if unknown++; string(m) != message {
					t.Errorf("Unknown is called with %q", m)
				}
			}})
			defer stop()
			synctest.Wait()
			l := join(t, h, serving)
			l.say(`{"type":"subscribe","data":"was"}`)
			synctest.Wait()
			l.say(message)
			synctest.Wait()
			answers, end := l.take()
			want := read(message)
			if got := did(h, answers, unknown); got != want.does || end != nil {
				t.Errorf("%q: it does %q, want %q (%v)", message, got, want.does, end)
			}
		})
	})
}

// did returns what a hub has done.
func did(h *Hub, answers []got, unknown int) (all string) {
	for _, a := range answers {
		all += a.Type
		if said, ok := a.Data.(string); ok {
			all += " " + strings.SplitAfterN(said, " ", 4)[1]
		}
		all += "; "
	}
	if unknown > 0 {
		all += fmt.Sprintf("unknown %d; ", unknown)
	}
	return all + fmt.Sprintf("%q", h.Channels())
}

// reading is what the oracle reads in a message.
type reading struct{ does string }

var (
	isChannel  = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,256}$`).MatchString
	isProcess  = regexp.MustCompile(`^process:[A-Za-z0-9_.-]{1,128}$`).MatchString
	isPosition = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}:(0|[1-9][0-9]{0,19})$`).MatchString
)

// read is the oracle.
func read(message string) reading {
	const was = `["was"]`
	ignored := reading{"unknown 1; " + was}
	members, ok := membersOf(message)
	if !ok {
		return ignored
	}
	kind, okType := members.text("type")
	channel, okChannel := members.text("channel")
	if !okType || !okChannel {
		return ignored
	}
	if kind == "ping" {
		return reading{"pong; " + was}
	}
	if kind != "subscribe" && kind != "unsubscribe" {
		return ignored
	}
	name := channel
	if name == "" {
		if name, ok = members["data"].(string); !ok {
			return ignored
		}
	}
	good := isChannel(name) && (!strings.HasPrefix(name, "process:") || isProcess(name))
	if kind == "unsubscribe" {
		if name == "was" {
			return reading{"[]"}
		}
		return reading{was}
	}
	after, named := members["after"]
	if after == nil {
		named = false
	}
	if position, ok := after.(string); named && (!ok || !isPosition(position) || len(position) > 85 || tooLarge(position)) {
		return reading{"error after ; " + was}
	}
	switch {
	case !good:
		return reading{"error invalid ; " + was}
	case named && name == "was":
		return reading{"subscribed; " + was}
	case named:
		return reading{"subscribed; " + sorted(name)}
	case name == "was":
		return reading{was}
	}
	return reading{sorted(name)}
}

func sorted(name string) string {
	if name < "was" {
		return fmt.Sprintf("%q", []string{name, "was"})
	}
	return fmt.Sprintf("%q", []string{"was", name})
}

// tooLarge reports whether the number of a position is none of 64 bits.
func tooLarge(position string) bool {
	_, number, _ := strings.Cut(position, ":")
	return len(number) == 20 && number > "18446744073709551615"
}

// members are those of an object, in the case that the hub has.
type members map[string]any

// membersOf returns the members of an object: the last of those whose names differ in case only
// counts, but null takes nothing away from a text.
func membersOf(message string) (members, bool) {
	if !json.Valid([]byte(message)) {
		return nil, false
	}
	from := json.NewDecoder(strings.NewReader(message))
	if open, err := from.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	m := members{}
	for from.More() {
		key, _ := from.Token()
		var value any
		if from.Decode(&value) != nil {
			return nil, false
		}
		for _, name := range []string{"type", "channel", "data", "after"} {
			if strings.EqualFold(key.(string), name) {
				m.set(name, value)
			}
		}
	}
	return m, true
}

func (m members) set(name string, value any) {
	old, was := m[name]
	_, isText := value.(string)
	switch isName := name == "type" || name == "channel"; {
	case isName && was && old == any(wrong{}): // one that is no text spoils the message
	case isName && value == nil:
	case isName && !isText:
		m[name] = wrong{}
	default:
		m[name] = value
	}
}

// wrong is a value that a member cannot have.
type wrong struct{}

// text returns a member that is a text, "" if there is none, and false if it is no text.
func (m members) text(name string) (string, bool) {
	value, was := m[name]
	said, ok := value.(string)
	return said, ok || !was
}
