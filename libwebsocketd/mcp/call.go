package mcp

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
)

// call is a request of a client that the process has not answered.
type call struct {
	number uint64 // its id towards the process, and its progress token
	id     []byte // as its client has written it
	token  []byte // the client's progress token; nil if it wants no progress
	method string
	logs   bool   // the client of a modern request wants notifications/message
	user   string // whose it is

	// version is the revision that the client of a modern request has named, as JSON; nil in a
	// session.
	version []byte

	over     *line // what it was sent by
	stream   *stream
	unwanted bool // canceled by its client; guarded by calls.mu
}

// calls are the requests that one process has not answered. Every request gets a number towards
// the process: clients of one process use the same ids, and some clients use one id for all.
type calls struct {
	numbers *atomic.Uint64 // the last number; several calls may share it, and with it a process

	mu   sync.Mutex
	open map[uint64]*call
}

// add gives a call its number.
func (t *calls) add(c *call) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == nil {
		t.open = map[uint64]*call{}
	}
	c.number = t.numbers.Add(1)
	t.open[c.number] = c
}

// size returns how many calls are open.
func (t *calls) size() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.open)
}

// get returns the open call with a number; nil if there is none.
func (t *calls) get(number uint64) *call {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open[number]
}

// take removes an open call, and returns it; nil if there is none with that number.
func (t *calls) take(number uint64) *call {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.open[number]
	delete(t.open, number)
	return c
}

// takeAll removes the calls that fit, in the order of their numbers.
func (t *calls) takeAll(fits func(*call) bool) (all []*call) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all = t.sorted(fits)
	for _, c := range all {
		delete(t.open, c.number)
	}
	return all
}

// newest returns the newest call that fits; nil if none does.
func (t *calls) newest(fits func(*call) bool) *call {
	t.mu.Lock()
	defer t.mu.Unlock()
	var newest *call
	for _, c := range t.open {
		if (newest == nil || c.number > newest.number) && fits(c) {
			newest = c
		}
	}
	return newest
}

// markUnwanted notes that the newest call with an id is canceled, and returns it; nil if there is none.
func (t *calls) markUnwanted(id []byte) *call {
	key := canonical(id)
	x := t.newest(func(x *call) bool { return canonical(x.id) == key })
	if x != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		x.unwanted = true
	}
	return x
}

// only returns the call that fits, if there is exactly one.
func (t *calls) only(fits func(*call) bool) *call {
	t.mu.Lock()
	defer t.mu.Unlock()
	if all := t.sorted(fits); len(all) == 1 {
		return all[0]
	}
	return nil
}

// sorted returns the open calls that fit, by their numbers. t.mu is held.
func (t *calls) sorted(fits func(*call) bool) (all []*call) {
	for _, c := range t.open {
		if fits(c) {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b *call) int { return cmp.Compare(a.number, b.number) })
	return all
}

// mostVersion is the longest name of a revision that is kept for a call.
const mostVersion = 64

// newCall returns the call of a request. It does not hold the request's text.
func newCall(m *message, over *line) *call {
	x := &call{id: bytes.Clone(m.id.of(m.text)), token: bytes.Clone(m.token.of(m.text)), method: m.method, over: over}
	x.logs = m.inMeta(metaLogLevel) != nil
	if x.version = bytes.Clone(m.inMeta(metaVersion)); len(x.version) > mostVersion {
		x.version = []byte(`"` + firstModern + `"`)
	}
	return x
}

// canceled returns the message that tells the process that nobody waits for the call. It says its
// revision if the request did: a message that does not is one of an older client.
func (x *call) canceled(reason string) ([]byte, error) {
	params := map[string]any{"requestId": x.number, "reason": reason}
	if x.version != nil {
		params["_meta"] = map[string]any{metaVersion: json.RawMessage(x.version), metaCapabilities: struct{}{}}
	}
	return json.Marshal(map[string]any{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})
}

const methodListen = "subscriptions/listen"
