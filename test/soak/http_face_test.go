package soak

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// do sends a request. The answer is nil if the connection was lost, or the status is another one.
func (v visit) do(method, path, body string, status int, header ...string) *http.Response {
	r, err := http.NewRequestWithContext(v.talking, method, "http://"+v.address+path, strings.NewReader(body))
	if err != nil {
		v.tally.fault("%v", err)
		return nil
	}
	for _, h := range header {
		setHeader(r, h)
	}
	resp, err := v.http.Do(r)
	if err != nil {
		v.broken(method+" "+path, err)
		return nil
	}
	if resp.StatusCode != status {
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if v.isMoving(resp.StatusCode, string(text)) {
			return nil
		}
		v.tally.fault("%s %s: %s, not %d: %.200s", method, path, resp.Status, status, text)
		return nil
	}
	return resp
}

// encoding returns a header by which half of the clients let answers be compressed.
func (v visit) encoding() string {
	if v.chance(50) {
		return "Accept-Encoding: gzip"
	}
	return "Accept-Encoding: identity"
}

// plain returns the body of an answer as it was before it was compressed.
func plain(resp *http.Response) io.Reader {
	if resp.Header.Get("Content-Encoding") == "gzip" {
		return &compressed{body: resp.Body}
	}
	return resp.Body
}

// compressed reads a stream whose beginning may not have come yet.
type compressed struct {
	body io.Reader
	*gzip.Reader
}

func (c *compressed) Read(p []byte) (n int, err error) {
	if c.Reader == nil {
		if c.Reader, err = gzip.NewReader(c.body); err != nil {
			c.Reader = nil
			return 0, err
		}
	}
	return c.Reader.Read(p)
}

// events listens to a process of its own by server-sent events.
func events(v visit) {
	resp := v.do("GET", "/tell", "", http.StatusOK, "Accept: text/event-stream", v.encoding())
	if resp == nil {
		return
	}
	defer resp.Body.Close()
	l, in, kind := v.listen(false), bufio.NewScanner(plain(resp)), ""
	in.Split(wholeLines)
	for in.Scan() {
		name, value, _ := strings.Cut(in.Text(), ": ")
		switch {
		case name == "event":
			kind = value
		case name == "data" && kind == "end":
			var end struct {
				Code   int
				Reason string
			}
			if err := json.Unmarshal([]byte(value), &end); err != nil {
				v.tally.fault("%v in %q", err, value)
			}
			v.over(l, end.Code, end.Reason, 0)
			return
		case name == "data":
			if !l.take(value) || v.random.IntN(1000) == 0 {
				v.tally.cut.Add(1)
				return
			}
		}
	}
	v.broken("events", fmt.Errorf("no end: %w", in.Err()))
}

// post sends a process all of its input, and reads its answers.
func post(v visit) {
	sent := v.random.IntN(50)
	body := ""
	for i := range sent {
		body += fmt.Sprintln("hello", i)
	}
	resp := v.do("POST", "/talk", body, http.StatusOK, "TE: trailers", v.encoding())
	if resp == nil {
		return
	}
	defer resp.Body.Close()
	v.tally.sent.Add(uint64(sent))
	l, in, answers := v.listen(false), bufio.NewScanner(plain(resp)), 0
	in.Split(wholeLines)
	for in.Scan() {
		l.take(in.Text())
		if strings.HasSuffix(in.Text(), fmt.Sprint(" heard hello ", answers)) {
			answers++
		}
	}
	switch {
	case in.Err() == nil:
		code, reason, _ := strings.Cut(resp.Trailer.Get("Websocketd-Exit")+resp.Header.Get("Websocketd-Exit"), " ")
		n, _ := strconv.Atoi(code)
		v.over(l, n, reason, sent-answers)
	case !v.cut && (l.ear == nil || l.code == sigkilled || v.isKilled(l.id)): // which breaks off the answer
		v.over(l, sigkilled, "", sent-answers)
	default:
		v.broken("post", in.Err())
	}
}

// wholeLines is a bufio.SplitFunc for lines with an end: what is cut off is none.
func wholeLines(data []byte, _ bool) (n int, line []byte, err error) {
	if end := bytes.IndexByte(data, '\n'); end >= 0 {
		return end + 1, data[:end], nil
	}
	return 0, nil, nil
}

// beside asks for what is no program of a client: a file, a CGI script, the state of a program.
func beside(v visit) {
	for path, want := range map[string]string{"/hello.txt": "hello\n", "/cgi/hi.sh": "hello\n", "/super?state": `"lifetime":"supervised"`} {
		resp := v.do("GET", path, "", http.StatusOK, "Accept: application/json")
		if resp == nil {
			return
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			v.broken(path, err)
			return
		}
		if !strings.Contains(string(body), want) {
			v.tally.fault("%s: %q", path, body)
		}
	}
	v.tally.whole.Add(1)
}
