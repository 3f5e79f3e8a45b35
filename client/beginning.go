package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/ws"
)

// span is numbers of consecutive messages.
type span struct{ First, Last uint64 }

// head is the beginning of the output, such as a heading or the header of a video, which the
// server keeps besides the history (--keepfirst). Only a client that has seen nothing of the
// process gets it.
type head struct {
	messages []bridge.Message
	number   uint64 // of the first
}

// fetchHead gets the beginning by a long poll that does not wait.
func (c *Conn) fetchHead(ctx context.Context, now *state) (h head, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, askWait, errNoState)
	defer cancel()
	from := position{now.Epoch, now.Beginning.First - 1}
	resp, err := c.request(ctx, http.MethodGet, url.Values{"after": {from.String()}, "gap": {"ok"}, "wait": {"0s"}}, asJSON, nil)
	if err != nil {
		return h, err
	}
	if resp.StatusCode != http.StatusOK {
		return h, ws.ReadRefusal(resp)
	}
	defer resp.Body.Close()
	var got struct {
		Pending []struct {
			Seq    uint64
			Data   *string
			Base64 []byte
		}
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 2*escaped*c.o.MaxMessage)).Decode(&got); err != nil {
		return h, errors.Join(errors.New("the beginning of the output has not come"), err)
	}
	h.number = now.Beginning.First
	for _, m := range got.Pending {
		switch {
		case m.Seq != h.number+uint64(len(h.messages)) || m.Seq > now.Beginning.Last:
			return h, nil
		case m.Data != nil:
			h.messages = append(h.messages, bridge.Message{Kind: bridge.Text, Data: []byte(*m.Data)})
		default:
			h.messages = append(h.messages, bridge.Message{Kind: bridge.Binary, Data: m.Base64})
		}
	}
	return h, nil
}

// takeHead returns the beginning, once.
func (c *Conn) takeHead() (h head) {
	h, c.head = c.head, head{}
	return h
}
