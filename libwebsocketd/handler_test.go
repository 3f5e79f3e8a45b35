package libwebsocketd

import (
	"net/http"
	"testing"
)

// TestRequestURL: the log has a URL as the client sent it, but no ticket.
func TestRequestURL(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		"/":                                 "/",
		"/a%20b?x=1&y":                      "/a%20b?x=1&y",
		"/?token=abc":                       "/?token=...",
		"/?session=1&token=abc&after=5":     "/?session=1&token=...&after=5",
		"/?token=abc&token=def&token=":      "/?token=...&token=...&token=...",
		"/?token=token=abc&mytoken=1&token": "/?token=...&mytoken=1&token",
		"/token=1?x=token=2":                "/token=1?x=token=2",
	} {
		if got := requestURL(&http.Request{Host: "h", RequestURI: sent}); got != "http://h"+want {
			t.Errorf("%s is logged as %s", sent, got)
		}
	}
}
