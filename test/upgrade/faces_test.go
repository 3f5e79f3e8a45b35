package upgrade

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// browser is a client of plain HTTP with cookies, which comes again where it is told to.
type browser struct {
	*http.Client
	url string
}

func newBrowser(t *testing.T, h *house) *browser {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	transport := &http.Transport{DisableKeepAlives: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{&http.Client{Jar: jar, Transport: transport}, "http://" + h.Addr + "/"}
}

// ask sends a request, and returns the answer's status and body.
func (b *browser) ask(t *testing.T, method, query, accept, body string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(harness.Context(t), method, b.url+query, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	answer, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	all, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(all)
}

// wants demands a status, and returns the body.
func (b *browser) wants(t *testing.T, status int, method, query, accept, body string) string {
	t.Helper()
	got, text := b.ask(t, method, query, accept, body)
	if got != status {
		t.Fatalf("%s %s: %d, not %d: %s", method, query, got, status, text)
	}
	return text
}

// state returns what the server says of a session.
func (b *browser) state(t *testing.T, query string) (now struct {
	Pid, First, Last int
	Epoch            string
	Number           int
	Ended            *struct{ Code int }
}) {
	t.Helper()
	text := b.wants(t, 200, "GET", query, "application/json", "")
	if err := json.Unmarshal([]byte(text), &now); err != nil {
		t.Fatal(err)
	}
	return now
}

const anything, document = "*/*", "application/json"

// A session without a client goes on, and its client finds it by the cookie and what it has missed.
// One that has ended, and whose ending nobody was told, is there as well.
func TestSessionsWithoutClient(t *testing.T) {
	t.Parallel()
	h := start(t, append([]string{"--resume=5m"}, talking(t, "-every=5ms")...)...)
	b, over := newBrowser(t, h), newBrowser(t, h)
	for _, b := range []*browser{b, over} {
		b.wants(t, 204, "POST", "", anything, "1")
	}
	over.wants(t, 204, "POST", "", anything, "end")
	harness.Until(t, "one has ended", func() bool { return over.state(t, "?state").Ended != nil })
	before, ended := b.state(t, "?state"), over.state(t, "?state")
	for range 2 {
		h.upgrade(t)
	}
	after := b.state(t, "?state")
	if after.Pid != before.Pid || after.Epoch != before.Epoch || after.Number != before.Number || after.First != 1 || after.Last < before.Last {
		t.Errorf("%+v after %+v", after, before)
	}
	if told := over.state(t, "?state"); told.Epoch != ended.Epoch || told.Last != ended.Last || told.Ended == nil || told.Ended.Code != 4003 {
		t.Errorf("%+v after %+v", told, ended)
	}
	b.wants(t, 204, "POST", "", anything, "2")
	b.wants(t, 204, "POST", "", anything, "end")
	checkAll(t, b, after.Pid, 2)
	checkAll(t, over, 0, 1)
	h.end(t, 0)
}

// checkAll polls the output of a session to its end: nothing of it is missing, and it has heard so
// many messages.
func checkAll(t *testing.T, b *browser, pid, heard int) {
	t.Helper()
	e := ear{}
	if pid > 0 {
		e.pid = pid
	}
	for {
		var got struct {
			Pending []struct {
				Seq  uint64
				Data string
			}
			Ended *struct{ Code int }
		}
		text := b.wants(t, 200, "GET", fmt.Sprintf("?after=%d&wait=10s", e.said), document, "")
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		for _, m := range got.Pending {
			if err := e.line(m.Data, &e.said); err != nil {
				t.Fatal(err)
			}
		}
		if got.Ended != nil {
			if got.Ended.Code != 4003 || !e.over || e.heard.Load() != int64(heard) {
				t.Errorf("%+v, %t, %d heard", got.Ended, e.over, e.heard.Load())
			}
			return
		}
	}
}

// A page that was promised a session gets it from the new server.
func TestPromise(t *testing.T) {
	t.Parallel()
	o := options(t, "--resume=5m", "--staticdir=.", "cat")
	write(t, o, "index.html", "a page")
	h := startWith(t, o)
	b := newBrowser(t, h)
	b.wants(t, 200, "GET", "", "text/html", "")
	at, _ := url.Parse(b.url)
	promised := b.Jar.Cookies(at)
	if len(promised) != 1 {
		t.Fatalf("cookies %v", promised)
	}
	h.upgrade(t)
	b.wants(t, 204, "POST", "", anything, "hello")
	now := b.Jar.Cookies(at)
	h.upgrade(t)
	b.wants(t, 204, "POST", "", anything, "again")
	if text := b.wants(t, 200, "GET", "?after=0&wait=10s", document, ""); !strings.Contains(text, "hello") {
		t.Errorf("%s; cookies %v and %v", text, promised, now)
	}
	h.end(t, 0)
}

// Clients of plain HTTP go on: a poll that waits is answered and asked again, a stream of events is
// ended and opened again, and each message of a POST that was taken is heard once, and no other.
func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	h := start(t, append([]string{"--resume=5m", "--history=64M"}, talking(t, "-every=2ms")...)...)
	b := newBrowser(t, h)
	var made struct{ ID, Secret, URL string }
	if err := json.Unmarshal([]byte(b.wants(t, 201, "POST", "?session=new", document, "")), &made); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 3)
	done := make(chan bool)
	go func() { over <- b.postAll(t, done) }()
	go func() { over <- b.pollAll(t) }()
	go func() { over <- b.followAll(t) }()
	for range 3 {
		h.upgrade(t)
	}
	close(done)
	for range 3 {
		if err := <-over; err != nil {
			t.Fatal(err) // the others may wait for an end that nobody asks for
		}
	}
	h.end(t, 0)
}

// postAll posts numbered messages until it is told to end the process.
func (b *browser) postAll(t *testing.T, done <-chan bool) error {
	for n := 1; ; {
		text := fmt.Sprint(n)
		select {
		case <-done:
			text = "end"
		default:
		}
		switch status, why, err := b.try(t, "POST", "", text, nil); {
		case err != nil:
			return fmt.Errorf("message %d: %w", n, err)
		case status == 503: // it was not taken
		case status != 204:
			return fmt.Errorf("message %d: %d %s", n, status, why)
		case text == "end":
			return nil
		default:
			n++
		}
	}
}

// pollAll polls to the end of the process.
func (b *browser) pollAll(t *testing.T) error {
	e := ear{}
	for {
		var got struct {
			Pending []struct{ Data string }
			Ended   *struct{ Code int }
		}
		status, text, err := b.try(t, "GET", fmt.Sprintf("?after=%d&wait=10s", e.said), "", nil)
		if err == nil && status == 200 {
			err = json.Unmarshal([]byte(text), &got)
		} else if err == nil && status != 503 {
			err = fmt.Errorf("%d %s", status, text)
		}
		for i := 0; i < len(got.Pending) && err == nil; i++ {
			err = e.line(got.Pending[i].Data, &e.said)
		}
		switch {
		case err != nil:
			return fmt.Errorf("a poll after %d: %w", e.said, err)
		case got.Ended != nil && !e.over:
			return fmt.Errorf("the end after %d", e.said)
		case got.Ended != nil:
			return nil
		}
	}
}

// followAll reads events to the end of the process.
func (b *browser) followAll(t *testing.T) error {
	e, ended := ear{}, false
	for !ended {
		status, _, err := b.try(t, "GET", fmt.Sprintf("?after=%d", e.said), "", func(stream io.Reader) error {
			kind := ""
			for lines := bufio.NewScanner(stream); lines.Scan(); {
				name, value, _ := strings.Cut(lines.Text(), ": ")
				switch {
				case name == "event":
					kind = value
				case name == "" && value == "":
					kind = ""
				case name == "data" && kind == "end":
					ended = true
				case name == "data" && kind == "":
					if err := e.line(value, &e.said); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err == nil && status != 200 && status != 503 {
			err = fmt.Errorf("status %d", status)
		}
		if err == nil && ended && !e.over {
			err = fmt.Errorf("the end")
		}
		if err != nil {
			return fmt.Errorf("events after %d: %w", e.said, err)
		}
	}
	return nil
}

// try sends a request whose answer is any. read reads the body of one with status 200; nil returns it.
func (b *browser) try(t *testing.T, method, query, body string, read func(io.Reader) error) (status int, text string, err error) {
	r, err := http.NewRequestWithContext(t.Context(), method, b.url+query, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Accept", document)
	if read != nil {
		r.Header.Set("Accept", "text/event-stream")
	}
	answer, err := b.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	if read != nil && answer.StatusCode == 200 {
		return 200, "", read(answer.Body)
	}
	all, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(all), err
}
