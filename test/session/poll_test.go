package session

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
)

// answer is what a long-poll gets.
type answer struct {
	Epoch   string
	Pending []struct {
		Seq  uint64
		Data string
	}
	Ended *ending
}

// overPolls asks again and again for what is new.
func overPolls(ctx context.Context, c *client) error {
	for c.ending == nil {
		a, err := c.poll(ctx)
		if err != nil {
			return err
		}
		c.moved()
		if c.epoch != "" && a.Epoch != c.epoch {
			return wrongf("epoch %q, not %q", a.Epoch, c.epoch)
		}
		c.epoch = a.Epoch
		for _, m := range a.Pending {
			if err := c.take(m.Seq, m.Data); err != nil {
				return err
			}
		}
		c.ending = a.Ended
	}
	return nil
}

// poll asks once.
func (c *client) poll(ctx context.Context) (a answer, err error) {
	query := url.Values{"after": {c.position()}, "wait": {"30s"}}
	resp, err := c.do(ctx, "GET", query, "", http.StatusOK, "application/json")
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return a, wrongf("%v in %.80q", err, body)
	}
	return a, nil
}
