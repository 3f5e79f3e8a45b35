package exchange

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestAsk: a client that has sent its end is asked in every ping interval, if it knows interim
// responses; no other is, also not one that sends a body.
func TestAsk(t *testing.T) {
	t.Parallel()
	every := []time.Duration{lookInterval, lookInterval + interval, lookInterval + 2*interval}
	for name, test := range map[string]struct {
		request string
		closing bool
		want    []time.Duration
	}{
		"is there":           {aGet, false, nil},
		"has ended":          {aGet, true, every},
		"HTTP/1.0":           {strings.Replace(aGet, "1.1", "1.0", 1), true, nil},
		"has a body":         {aPost, false, nil},
		"has ended its body": {aPost, true, every},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				peer := &stranger{}
				peer.closing.Store(test.closing)
				_, r := serveWith(t, test.request, func(w http.ResponseWriter, r *http.Request) {
					http.NewResponseController(w).EnableFullDuplex() // or the answer waits for the body
					settle := Ask(w, r, peer, interval)
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
