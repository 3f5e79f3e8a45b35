package cgi

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/exchange"
)

// FuzzCGIHeader lets a script say anything, in one piece and in two, and compares
// the answer with the oracle.
func FuzzCGIHeader(f *testing.F) {
	for _, output := range []string{
		"Content-Type: text/plain\n\nhello",
		"Content-Type: text/plain\r\n\r\nhello\r\n\r\n",
		"Status: 404 Not Found\nContent-Type: text/html\r\n\nx",
		"Location: /there\n\n", "Status: 301\nLocation: /there\nContent-Type: a/b\n\n",
		"status:204\n\n", "Status: 304 Not Modified\nETag: \"x\"\n\nbody", "Status: 205\nContent-Length: 4\n\nbody", "Status: 204\nContent-Length: 4\n\nbody",
		"Status: 200OK\n\n", "Status: 99\n\n", "Status: 1000\n\n", "Status: +20\n\n", "Status: 100 Continue\n\n", "Status:\n\n",
		"\n\n", "\r\n", "no header at all\n", "Content-Type: text/plain\n", "", ":\n\n", " Content-Type: a/b\n\n", "Content-Type : a/b\n\n",
		"Content-Type: a/b\nX-A: 1\nx-a:2\n\n", "Content-Type: a/b\n folded\n\n", "Content-Type: a/b\nX: \x00\n\n", "Content-Type: a/b\nX: a\rb\n\n",
		"Content-Type:\nContent-Type: a/b\n\n", "Set-Cookie: a=1\nSet-Cookie: b=2\nContent-Type: a/b\n\n", "Content-Type: a/b\nX: \xff\t\u0085 \n\n",
		"Content-Type: a/b\n\r\r\n\n", "Content-Type: a/b\nX\n\n", "Content-Type: a/b\nX: \x7f\n\n", "Status: 500\nStatus: 200 OK\n\n",
		"Content-Type: a/b\nTransfer-Encoding: chunked\nContent-Length: 5\n\nhello", "Content-Type: a/b\nX-A: 1\nX-B: 2\nConnection: close, x-a\nUpgrade: x\n\n",
		"Content-Type: a/b\nContent-Length: 5\nContent-Length: 5\n\nhello", "Content-Type: a/b\nContent-Length: -5\n\nhello", "\nContent-Type: a/b\n\n",
		"Content-Type: a/b\n\nContent-Length: 0",
	} {
		f.Add([]byte(output), uint(len(output)/2))
	}
	f.Fuzz(func(t *testing.T, output []byte, cut uint) {
		if len(output) > 4<<10 {
			t.Skip("long")
		}
		said := string(output)
		for _, near := range []string{said, "Content-Type: a/b\n" + said, "Content-Type: a/b\n" + said + "\n\nbody",
			"Content-Type: a/b\nX" + said + "X: y\r\n\r\nbody", "Status: " + said + "\n\nbody", said + ": x\nLocation: y\n\n"} {
			checkCGI(t, near, int(cut%uint(len(near)+1)))
		}
	})
}

func checkCGI(t *testing.T, output string, cut int) {
	want := oracleCGI(output)
	for _, pieces := range [][]string{{output}, {output[:cut], output[cut:]}} {
		if got := answerOf(t, pieces...); !got.equal(want) {
			t.Fatalf("%q in pieces:\n%+v\nthe oracle:\n%+v", pieces, got, want)
		}
	}
	checkCGILaws(t, []byte(output))
}

// cgiResult is what a client gets of a script's output. A failure is a 500 of our own.
type cgiResult struct {
	status int
	lines  []string // of the header, names in lower case, sorted; the order of a name's values stays
	body   string
	failed bool
}

func (a cgiResult) equal(b cgiResult) bool {
	return a.status == b.status && a.failed == b.failed && a.body == b.body && slices.Equal(a.lines, b.lines)
}

// unknown is a connection of which nothing is known.
type unknown struct{}

func (unknown) HungUp() bool                         { return false }
func (unknown) Closing() bool                        { return false }
func (unknown) BytesAcked(int64) (int64, bool, bool) { return 0, true, false }

// newClient is the client of a GET, to which a script answers.
func newClient(t testing.TB, w http.ResponseWriter) (*exchange.Client, *Encoder) {
	asked := httptest.NewRequest(http.MethodGet, "/", nil)
	form := &Encoder{Asked: asked}
	c := exchange.New(t.Context(), w, asked, exchange.Options{Encoder: form, Peer: unknown{}})
	c.Begin(0)
	return c, form
}

// answerOf sends a script's output through an endpoint.
func answerOf(t testing.TB, pieces ...string) cgiResult {
	t.Helper()
	w := httptest.NewRecorder()
	c, form := newClient(t, w)
	var err error
	for _, piece := range pieces {
		if err = c.Send([]bridge.Message{{Kind: bridge.Binary, Data: []byte(piece)}}); err != nil {
			break
		}
	}
	if (err != nil) != (form.Failure() != nil) {
		t.Fatalf("%q: Send says %v, the endpoint %v", pieces, err, form.Failure())
	}
	c.CloseSend(&bridge.EndedError{})
	c.Close()
	if form.Failure() != nil {
		if w.Code != http.StatusInternalServerError || strings.Count(w.Body.String(), "\n") != 1 {
			t.Fatalf("%q failed with %d %q", pieces, w.Code, w.Body)
		}
		return cgiResult{failed: true}
	}
	a := cgiResult{status: w.Code, body: w.Body.String()}
	said := strings.Join(pieces, "")
	if end := emptyLine.FindStringIndex(said); !sizeLine.MatchString(said[:end[0]]) {
		// On a busy machine the head may have gone before the end, without a length.
		if length := w.Header().Get("Content-Length"); length != "" && length != strconv.Itoa(len(a.body)) {
			t.Fatalf("%q: %d bytes have Content-Length %q", pieces, len(a.body), length)
		}
		w.Header().Del("Content-Length")
	}
	for name, values := range w.Header() {
		for _, value := range values {
			a.lines = append(a.lines, strings.ToLower(name)+":"+value)
		}
	}
	slices.SortStableFunc(a.lines, byName)
	return a
}

func byName(a, b string) int {
	a, _, _ = strings.Cut(a, ":")
	b, _, _ = strings.Cut(b, ":")
	return strings.Compare(a, b)
}

// The grammar of RFC 3875 section 6.3, with names as in RFC 9110 section 5.6.2.
var (
	emptyLine  = regexp.MustCompile(`(^|\n)\r?\n`)
	headerLine = regexp.MustCompile("^([-!#$%&'*+.^_`|~0-9A-Za-z]+):([^\\x00-\\x08\\x0a-\\x1f\\x7f]*)$")
	statusLine = regexp.MustCompile(`^([2-9][0-9][0-9])( .*)?$`)
	sizeLine   = regexp.MustCompile(`(?i)(^|\n)content-length:`)
	digits     = regexp.MustCompile(`^[0-9]+$`)
	ownHop     = regexp.MustCompile(`^(connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade):`)
)

// oracleCGI is slow and knows the whole output.
func oracleCGI(output string) cgiResult {
	end := emptyLine.FindStringIndex(output)
	if end == nil {
		return cgiResult{failed: true}
	}
	a := cgiResult{body: output[end[1]:]}
	first := map[string]string{}
	lines := strings.Split(output[:end[0]], "\n")
	if end[0] == 0 {
		lines = nil
	}
	for _, line := range lines {
		m := headerLine.FindStringSubmatch(strings.TrimSuffix(line, "\r"))
		if m == nil {
			return cgiResult{failed: true}
		}
		name, value := strings.ToLower(m[1]), strings.Trim(m[2], " \t")
		if name == "status" {
			code := statusLine.FindStringSubmatch(value)
			if code == nil {
				return cgiResult{failed: true}
			}
			a.status, _ = strconv.Atoi(code[1])
			continue
		}
		_, twice := first[name]
		if _, err := strconv.ParseInt(value, 10, 64); name == "content-length" && (twice || err != nil || !digits.MatchString(value)) {
			return cgiResult{failed: true}
		}
		if !twice {
			first[name] = value
		}
		a.lines = append(a.lines, name+":"+value)
	}
	slices.SortStableFunc(a.lines, byName)
	switch {
	case a.status != 0:
	case first["location"] != "":
		a.status = http.StatusFound
	case first["content-type"] != "":
		a.status = http.StatusOK
	default:
		return cgiResult{failed: true}
	}
	named := ","
	for _, line := range a.lines {
		if list, ok := strings.CutPrefix(line, "connection:"); ok {
			named += strings.ToLower(strings.NewReplacer(" ", "", "\t", "").Replace(list)) + ","
		}
	}
	a.lines = slices.DeleteFunc(a.lines, func(line string) bool {
		name, _, _ := strings.Cut(line, ":")
		return ownHop.MatchString(line) || strings.Contains(named, ","+name+",")
	})
	if empty := a.status == 204 || a.status == 205; empty || a.status == 304 {
		a.body = ""
		_, sized := first["content-length"]
		a.lines = slices.DeleteFunc(a.lines, func(line string) bool { return empty && strings.HasPrefix(line, "content-length:") })
		if sized && a.status == 205 {
			a.lines = append(a.lines, "content-length:0")
			slices.SortStableFunc(a.lines, byName)
		}
	}
	return a
}

// checkCGILaws holds the two functions to what is true of any output.
func checkCGILaws(t *testing.T, output []byte) {
	end := headerEnd(output)
	if end < 0 {
		return
	}
	if end == 0 || end > len(output) || output[end-1] != '\n' {
		t.Fatalf("%q: the body begins at %d", output, end)
	}
	for shorter := range end {
		if n := headerEnd(output[:shorter]); n >= 0 {
			t.Fatalf("%q ends at %d, and at %d already", output, end, n)
		}
	}
	status, header, err := parseHeader(output[:end])
	if err != nil {
		if strings.ContainsFunc(err.Error(), isControl) {
			t.Fatalf("the error %q", err)
		}
		return
	}
	if status < 200 || status > 999 {
		t.Fatalf("%q: status %d", output, status)
	}
	for name, values := range header {
		if name == "" || strings.ContainsAny(name+strings.Join(values, ""), "\r\n\x00") || http.CanonicalHeaderKey(name) != name {
			t.Fatalf("%q: the header %q: %q", output, name, values)
		}
	}
}

// A header that never ends is cut off, however it comes.
func TestCGIHeaderTooLong(t *testing.T) {
	t.Parallel()
	piece := strings.Repeat("X: y\n", 100)
	c, _ := newClient(t, httptest.NewRecorder())
	sent := 0
	var err error
	for err == nil && sent < 10*maxHeader {
		err = c.Send([]bridge.Message{{Kind: bridge.Binary, Data: []byte(piece)}})
		sent += len(piece)
	}
	if err == nil || sent < maxHeader || sent > maxHeader+len(piece) {
		t.Errorf("after %d bytes: %v", sent, err)
	}
	if again := c.Send([]bridge.Message{{Kind: bridge.Binary, Data: []byte("\n\n")}}); !errors.Is(again, err) {
		t.Errorf("after the failure: %v", again)
	}
	c.CloseSend(&bridge.CloseError{Code: bridge.CloseAbnormal})
	c.Close()
}
