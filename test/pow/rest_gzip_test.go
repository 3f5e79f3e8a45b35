package pow

import (
	"net/http"
	"strings"
	"testing"
)

// TestRESTGzip: the output of a call is compressed with --gzip; Go's client takes that off by
// itself.
func TestRESTGzip(t *testing.T) {
	t.Parallel()
	s := serve(t, script("count", "seq 1000"), "--gzip")
	a := newAPI(t, s, "/pow/")
	a.client.Transport.(*http.Transport).DisableCompression = false
	id := a.call("count")
	a.ends(id)
	got := a.ask("GET", "status/"+id, "")
	if !got.Uncompressed || !strings.Contains(got.body, `\n999\n1000"`) {
		t.Errorf("%v %.100q", got.Header, got.body)
	}
	head := a.ask("HEAD", "status/"+id, "")
	if head.StatusCode != 200 || head.body != "" {
		t.Errorf("HEAD: %d %q", head.StatusCode, head.body)
	}
}
