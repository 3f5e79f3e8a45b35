package exchange

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestAsk: a client that has sent its end is asked in every ping interval, one that sends a
// body in pauses that become longer, one that has sent it not at all, and only one that knows
// interim responses.
func TestAsk(t *testing.T) {
	t.Parallel()
	every := []time.Duration{lookInterval, lookInterval + interval, lookInterval + 2*interval}
	for name, test := range map[string]struct {
		ask     func(http.ResponseWriter, *http.Request, Peer, time.Duration) func()
		request string
		closing bool
		want    []time.Duration
	}{
		"is there":            {Ask, aGet, false, nil},
		"has ended":           {Ask, aGet, true, every},
		"HTTP/1.0":            {Ask, strings.Replace(aGet, "1.1", "1.0", 1), true, nil},
		"has a body":          {Ask, aPost, false, []time.Duration{interval, 3 * interval}},
		"has sent its body":   {AskRead, aPost, false, nil},
		"has sent everything": {AskRead, aPost, true, every},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				peer := &stranger{}
				peer.closing.Store(test.closing)
				_, r := serveWith(t, test.request, func(w http.ResponseWriter, r *http.Request) {
					http.NewResponseController(w).EnableFullDuplex() // or the answer waits for the body
					settle := test.ask(w, r, peer, interval)
					time.Sleep(3*interval + lookInterval/2)
					settle()
					settle()
					w.Header().Set("X", "y")
				})
				began := time.Now()
				var asked []time.Duration
				answer := answerTo(t, r, "GET")
				for ; answer.StatusCode == http.StatusContinue; answer = answerTo(t, r, "GET") {
					asked = append(asked, time.Since(began))
				}
				if answer.StatusCode != 200 || answer.Header.Get("X") != "y" || !slices.Equal(asked, test.want) {
					t.Errorf("%d, asked after %v, not %v", answer.StatusCode, asked, test.want)
				}
			})
		})
	}
}
