package session

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// overEvents reads server-sent events, and comes back as an EventSource does, with the
// last id it has seen.
func overEvents(ctx context.Context, c *client) error {
	query := url.Values{}
	if c.epoch == "" {
		query.Set("after", c.position())
	}
	r, err := http.NewRequestWithContext(ctx, "GET", c.address(query), nil)
	if err != nil {
		return wrong{err}
	}
	r.Header = c.header()
	r.Header.Set("Accept", "text/event-stream")
	if c.epoch != "" {
		r.Header.Set("Last-Event-ID", c.position())
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return refusal(resp)
	}
	return c.takeEvents(resp.Body)
}

// takeEvents takes what a stream says, to its end.
func (c *client) takeEvents(body io.Reader) error {
	lines, e := bufio.NewReader(body), event{}
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err // an event without its end counts for nothing
		}
		c.moved()
		if line != "\n" {
			e.add(strings.TrimSuffix(line, "\n"))
			continue
		}
		if err := c.takeEvent(e); err != nil {
			return err
		}
		e = event{}
	}
}

// event is one event of a stream.
type event struct{ id, kind, data string }

// add adds a line of the stream; comments have no name.
func (e *event) add(line string) {
	switch name, value, _ := strings.Cut(line, ": "); name {
	case "id":
		e.id = value
	case "event":
		e.kind = value
	case "data":
		e.data += value
	}
}

// takeEvent takes a message, or the end.
func (c *client) takeEvent(e event) error {
	epoch, number, _ := strings.Cut(e.id, ":")
	told, err := strconv.ParseUint(number, 10, 64)
	if err != nil || c.epoch != "" && c.epoch != epoch {
		return wrongf("id %q in epoch %q", e.id, c.epoch)
	}
	c.epoch = epoch
	switch {
	case e.kind == "":
		return c.take(told, e.data)
	case e.kind == "end" && told == c.last:
		c.ending = new(ending)
		if err := json.Unmarshal([]byte(e.data), c.ending); err != nil {
			return wrong{err}
		}
		return nil
	}
	return wrongf("unexpected event %+v after message %d", e, c.last)
}
