package beside

import (
	"io"
	"strings"
	"testing"
)

// A request whose body is none, or breaks off, is answered 400, whatever the script makes
// of the beginning of it.
func TestCGIBrokenBody(t *testing.T) {
	t.Parallel()
	const saved = `printf 'Content-Type: a/b\n\nsaved\n'`
	s, _ := startCGI(t, map[string]string{
		"save":    `cat >/dev/null; ` + saved,
		"length":  `cat >/dev/null; printf 'Content-Type: a/b\nContent-Length: 5\n\nsaved'`,
		"nothing": `cat >/dev/null; printf 'Status: 304\n\n'`,
	})
	for _, path := range []string{"/save", "/length", "/nothing"} {
		for what, sent := range map[string]string{
			"cut short": strings.Replace(request("POST", path, "hello"), "Content-Length: 5", "Content-Length: 8", 1),
			"cut chunk": request("POST", path, "", "Transfer-Encoding: chunked") + "8\r\nhello",
			"no chunk":  request("POST", path, "", "Transfer-Encoding: chunked") + "zz\r\nhello\r\n",
		} {
			w := dial(t, s)
			w.send(sent)
			w.Conn.(interface{ CloseWrite() error }).CloseWrite()
			resp, body := w.answer("POST")
			if resp.StatusCode == 100 {
				resp, body = w.answer("POST")
			}
			if resp.StatusCode != 400 || !strings.Contains(body, "body") {
				t.Errorf("%s, %s: %d %q", path, what, resp.StatusCode, body)
			}
		}
	}
}

// A script that prints more than its Content-Length says has its header sent, and the
// answer broken off; of HEAD nothing is amiss.
func TestCGITooLongBody(t *testing.T) {
	t.Parallel()
	s, _ := startCGI(t, map[string]string{"more": `printf 'Content-Type: a/b\nContent-Length: 3\n\nhello'`})
	for _, method := range []string{"GET", "HEAD"} {
		w := dial(t, s)
		w.send(request(method, "/more", ""))
		resp := w.head(method)
		if resp.StatusCode != 200 || resp.Header.Get("Content-Length") != "3" {
			t.Errorf("%s: %d %v", method, resp.StatusCode, resp.Header)
		}
		if body, err := io.ReadAll(resp.Body); method == "GET" && err == nil {
			t.Errorf("%q is whole", body)
		}
	}
}
