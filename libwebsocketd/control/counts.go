package control

import (
	"maps"
	"strings"
	"sync"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/bridge"
)

// mostPrograms bounds how many programs are told apart in metrics. Whoever reloads a
// configuration again and again may name any number, and totals are kept of those that are
// gone. Further ones are otherPrograms.
const (
	mostPrograms  = 1000
	otherPrograms = "other"
)

// counts is what has happened since the start. What running conversations have moved is not
// in it: whoever reads adds that (see counts.snapshot).
type counts struct {
	mu       sync.Mutex
	programs map[string]*programCounts
	refused  map[string]int64 // requests, by status
	live     map[key]struct{} // conversations that have begun, and have not ended
}

func newCounts() *counts {
	return &counts{programs: map[string]*programCounts{}, refused: map[string]int64{}, live: map[key]struct{}{}}
}

// key tells a conversation from all others.
type key struct {
	id    string
	began int64
}

func keyOf(c *libwebsocketd.Conversation) key { return key{c.ID, c.Began.UnixNano()} }

// programCounts is what has happened to a program.
type programCounts struct {
	talk    talkCounts       // of conversations that have ended
	latency latency          // of their output, and of that of running ones
	endings map[string]int64 // by what codeOf returns
	slow    int64            // endings with 1013

	started, exited, failed int64 // processes
	noFork                  int64 // processes that were not started, because of MaxForks
}

// talkCounts is what conversations have moved.
type talkCounts struct {
	conversations       int64
	toClient, toProgram bridge.Tally
	undelivered, missed int64
}

func (t *talkCounts) add(c *libwebsocketd.Conversation) {
	t.conversations++
	t.toClient = sum(t.toClient, c.ToClient)
	t.toProgram = sum(t.toProgram, c.ToProgram)
	t.undelivered += c.Undelivered.Messages
	t.missed += c.Missed
}

func sum(a, b bridge.Tally) bridge.Tally {
	return bridge.Tally{Messages: a.Messages + b.Messages, Bytes: a.Bytes + b.Bytes}
}

// of returns the counts of a program; c.mu is held.
func (c *counts) of(program string) *programCounts {
	p := c.programs[program]
	if p != nil {
		return p
	}
	label := strings.ToValidUTF8(program, "_") // as a metric needs it
	if len(c.programs) >= mostPrograms {
		label = otherPrograms
	}
	if p = c.programs[label]; p == nil {
		p = &programCounts{endings: map[string]int64{}}
		c.programs[label] = p
	}
	return p
}

// snapshot is what has happened up to a moment, and what there is at that moment.
type snapshot struct {
	programs map[string]programCounts
	open     map[string]int64 // conversations, by program
	refused  map[string]int64 // requests, by status
}

// snapshot returns the counts, with what the conversations have moved that were running just
// now. One that is ending may be in both: it is counted once.
func (c *counts) snapshot(running []libwebsocketd.Conversation, label func(*libwebsocketd.Conversation) string) snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := snapshot{map[string]programCounts{}, map[string]int64{}, maps.Clone(c.refused)}
	moving := map[*programCounts]*talkCounts{}
	for i := range running {
		conv := &running[i]
		if _, lives := c.live[keyOf(conv)]; !lives {
			continue
		}
		if conv.Nameless { // it moves nothing, and is counted with its program, when it has one
			now.open[""]++
			continue
		}
		p := c.of(label(conv))
		if moving[p] == nil {
			moving[p] = &talkCounts{}
		}
		moving[p].add(conv)
	}
	for name, p := range c.programs {
		copied := *p
		copied.endings = maps.Clone(p.endings)
		now.open[name] = 0
		if more := moving[p]; more != nil {
			now.open[name] = more.conversations
			copied.talk.merge(more)
		}
		now.programs[name] = copied
	}
	return now
}

func (t *talkCounts) merge(more *talkCounts) {
	t.conversations += more.conversations
	t.toClient, t.toProgram = sum(t.toClient, more.toClient), sum(t.toProgram, more.toProgram)
	t.undelivered += more.undelivered
	t.missed += more.missed
}
