package exchange

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/bridge"
)

// opened is an Opener whose program says "STATUS\n" first; "bad\n" is none.
type opened struct {
	plainForm
	refused *error
}

var errBad = errors.New("no status")

func (o opened) Message(b []byte, _ uint64, m *bridge.Message) []byte { return append(b, m.Data...) }

func (o opened) End(b []byte, _ uint64, _ error, _ http.Header) []byte { return b }

func (o opened) Open(said []byte, h http.Header) (status int, body []byte, err error) {
	head, body, ok := bytes.Cut(said, []byte("\n"))
	switch {
	case !ok:
		return 0, said, nil
	case string(head) == "204":
		return 204, body, nil
	case string(head) != "200":
		return 0, nil, errBad
	}
	h.Set("Content-Type", "x/y")
	return 200, body, nil
}

func (o opened) Refuse(w http.ResponseWriter, cause error) {
	*o.refused = cause
	w.WriteHeader(500)
	io.WriteString(w, "refused")
}

// TestOpening has what becomes of an answer whose program says its status, and when.
func TestOpening(t *testing.T) {
	t.Parallel()
	wait := strings.Repeat("x", gatherMost+1)
	killed := &bridge.EndedError{Ending: exit3.Ending}
	killed.Signal = 9
	for name, test := range map[string]struct {
		says    []string // "" is a pause that is long enough
		cause   error
		method  string
		status  int
		length  int64 // -1: none is told
		body    string
		headAt  time.Duration
		refused bool
		whole   bool
	}{
		"short":             {[]string{"200\n", "ab", "c"}, exit3, "GET", 200, 3, "abc", 0, false, true},
		"empty":             {[]string{"200\n"}, exit3, "GET", 200, 0, "", 0, false, true},
		"in pieces":         {[]string{"2", "00", "\nabc"}, exit3, "GET", 200, 3, "abc", 0, false, true},
		"slow":              {[]string{"200\na", "", "b"}, exit3, "GET", 200, -1, "ab", gatherWait, false, true},
		"slow head":         {[]string{"20", "", "0\nab"}, exit3, "GET", 200, 2, "ab", time.Second, false, true},
		"much":              {[]string{"200\n" + wait, "", "b"}, exit3, "GET", 200, -1, wait + "b", 0, false, true},
		"HEAD":              {[]string{"200\nabc"}, exit3, "HEAD", 200, -1, "", 0, false, true},
		"no content":        {[]string{"204\nabc", "", "def"}, exit3, "GET", 204, 0, "", gatherWait, false, true},
		"nothing":           {nil, exit3, "GET", 500, -1, "refused", 0, true, true},
		"half a head":       {[]string{"20"}, exit3, "GET", 500, -1, "refused", 0, true, true},
		"a bad head":        {[]string{"bad\n", "200\nabc"}, exit3, "GET", 500, -1, "refused", 0, true, true},
		"killed":            {[]string{"200\nabc"}, killed, "GET", 200, -1, "abc", 0, false, false},
		"killed, no head":   {[]string{"20"}, killed, "GET", 500, -1, "refused", 0, true, true},
		"server goes":       {[]string{"200\nabc"}, bridge.ErrGoingAway, "GET", 200, -1, "abc", 0, false, false},
		"a broken body":     {[]string{"broken", "200\nabc", ""}, ErrBroken, "GET", 500, -1, "refused", time.Second, true, true},
		"killed in the end": {[]string{"200\na", "", "b"}, killed, "GET", 200, -1, "ab", gatherWait, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var refused error
				done := make(chan struct{})
				request := strings.Replace(aGet, "GET", test.method, 1)
				_, r := talk(t, t.Context(), request, opened{refused: &refused}, &stranger{}, interval, func(c *Client) {
					defer close(done)
					bad := false
					for _, text := range test.says {
						if text == "" {
							<-time.After(time.Second)
							continue
						}
						if text == "broken" { // Receive finds it so, before the program is told the end
							c.cancel(ErrBroken)
							continue
						}
						bad = bad || strings.HasPrefix(text, "bad")
						if err := c.Send(said(text)); errors.Is(err, errBad) != bad {
							t.Errorf("Send of %.10q: %v", text, err)
						}
					}
					c.CloseSend(test.cause)
					c.Close()
					if c.IsWhole() != test.whole {
						t.Errorf("whole: %v", c.IsWhole())
					}
				})
				began := time.Now()
				resp := answerTo(t, r, test.method)
				if since := time.Since(began); since != test.headAt {
					t.Errorf("the header came after %s", since)
				}
				body, err := io.ReadAll(resp.Body)
				if err != nil || resp.StatusCode != test.status || resp.ContentLength != test.length || string(body) != test.body {
					t.Errorf("%d, %d bytes, %.20q, %v", resp.StatusCode, resp.ContentLength, body, err)
				}
				<-done
				if (refused != nil) != test.refused || refused != nil && refused != test.cause {
					t.Errorf("refused because of %v", refused)
				}
			})
		})
	}
}

// TestOpeningClosed: after Close nothing is held back for an answer that will not come.
func TestOpeningClosed(t *testing.T) {
	t.Parallel()
	var refused error
	c := newClient(t, &flushes{header: http.Header{}}, opened{refused: &refused})
	c.Begin(0)
	if err := c.Send(said("200\n")); err != nil {
		t.Error(err)
	}
	c.Close()
	if err := c.Send(said("a")); err == nil {
		t.Error("Send after Close")
	}
}
