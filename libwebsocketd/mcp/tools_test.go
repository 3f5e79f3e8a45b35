package mcp

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

// answeringLink is a link to a process that a test plays.
type answeringLink struct {
	silentLink
	says    chan string
	answers func(id uint64, asked *message) []string
}

func (l *answeringLink) SendUntil(_ context.Context, batch ...libwebsocketd.Message) error {
	for i := range batch {
		m, err := parse(batch[i].Data)
		if err != nil {
			return err
		}
		for _, text := range l.answers(numberOf(m.id.of(m.text)), &m) {
			l.says <- text
		}
	}
	return nil
}

func (l *answeringLink) Deliveries() ([]libwebsocketd.Delivery, error) {
	select {
	case text := <-l.says:
		chunk := libwebsocketd.NewChunk([]libwebsocketd.Message{{Kind: libwebsocketd.Text, Data: []byte(text)}})
		return []libwebsocketd.Delivery{{Chunk: chunk, First: 1}}, nil
	case <-l.over:
		return nil, l.cause
	}
}

// answering returns a process that serves everyone, and a line to it.
func answering(t *testing.T, answers func(id uint64, asked *message) []string) (*everyone, *line) {
	to := &answeringLink{silentLink: silentLink{over: make(chan struct{})}, says: make(chan string, 10), answers: answers}
	e := new(everyone)
	e.child = child{calls: calls{numbers: new(atomic.Uint64)}, log: slog.New(slog.DiscardHandler), going: t.Context(), start: time.Minute,
		health: new(health), other: e.said, lost: e.ended, attach: func(*libwebsocketd.Request) (link, *gate.Refusal) { return to, nil }}
	l, _ := e.hold(nil)
	t.Cleanup(func() { e.leave(l) })
	return e, l
}

// TestToolsChangeMeanwhile: tools that change while the process is asked for them are asked for again.
func TestToolsChangeMeanwhile(t *testing.T) {
	t.Parallel()
	const page = `{"jsonrpc":"2.0","id":%d,"result":{"tools":[{"name":%q,"inputSchema":{"properties":{"a":{"x-mcp-header":"A"}}}}]%s}}`
	asked := 0
	e, l := answering(t, func(id uint64, m *message) (said []string) {
		asked++
		if !m.inParams("cursor").isSet() {
			return []string{fmt.Sprintf(page, id, "first", `,"nextCursor":"more"`)}
		}
		if asked == 2 {
			said = append(said, `{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}`)
		}
		return append(said, fmt.Sprintf(page, id, "last", ""))
	})
	m, err := parse([]byte(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if all, err := e.bindings(t.Context(), l, &m, "first"); err != nil || len(all) != 1 || asked != 4 {
			t.Errorf("%v, %v: after %d questions", all, err, asked)
		}
	}
}
