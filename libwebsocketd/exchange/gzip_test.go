package exchange

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/bridge"
)

const aZipGet = "GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n"

// room is the memory of n compressors.
func room(n int64) *Gzip { return NewGzip(n * gzipCost) }

// unzipped reads an answer that must be compressed.
func unzipped(t *testing.T, answer *http.Response) *gzip.Reader {
	t.Helper()
	if answer.Header.Get("Content-Encoding") != "gzip" || answer.Header.Get("Vary") != "Accept-Encoding" {
		t.Fatalf("the answer is not compressed: %v", answer.Header)
	}
	z, err := gzip.NewReader(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestGzipEvents: everything that is said comes at once, in one stream that ends as a whole one,
// and its memory is free then.
func TestGzipEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, more := room(1), make(chan []bridge.Message)
		o := Options{Encoder: events{epoch: "e"}, Peer: &stranger{}, Interval: interval, IgnoresBody: true, Gzip: g}
		done := make(chan struct{})
		_, r := talkWith(t, t.Context(), aZipGet, o, func(c *Client) {
			defer close(done)
			for batch := range more {
				c.Send(batch)
			}
			c.Deliver([]bridge.Delivery{{Chunk: texts("d", "e"), First: 9}})
			finish(c, exit3)
			c.Send(said("too late"))
		})
		z := unzipped(t, answerTo(t, r, "GET"))
		began := time.Now()
		long := strings.Repeat("a long line ", 5000) // of several pieces
		for _, line := range []string{"a", "b", long} {
			more <- said(line)
			if got := readUntil(t, z, line+"\n\n"); time.Since(began) != 0 {
				t.Errorf("%.20q after %s", got, time.Since(began))
			}
		}
		if got := readUntil(t, z, ":\n"); got != ":\n" || time.Since(began) != interval {
			t.Errorf("the comment is %q after %s", got, time.Since(began))
		}
		close(more)
		rest, err := io.ReadAll(z)
		if err != nil || !strings.Contains(string(rest), "id: e:10\ndata: e\n") || !strings.HasSuffix(string(rest), "\"exit status 3\"}\n\n") {
			t.Errorf("%q, %v", rest, err)
		}
		if <-done; g.held.Load() != 0 {
			t.Errorf("%d bytes are held at the end", g.held.Load())
		}
	})
}

// TestGzipTrailer: the ending stands behind a compressed answer, too; without output there is
// nothing but the coding.
func TestGzipTrailer(t *testing.T) {
	t.Parallel()
	for _, lines := range [][]string{{"a", "b"}, nil} {
		synctest.Test(t, func(t *testing.T) {
			o := Options{Encoder: textForm{plainForm{trailer: true}}, Peer: &stranger{}, Interval: interval, IgnoresBody: true, Gzip: room(1)}
			_, r := talkWith(t, t.Context(), aZipGet, o, func(c *Client) {
				c.Send(said(lines...))
				finish(c, exit3)
			})
			answer := answerTo(t, r, "GET")
			got, err := io.ReadAll(unzipped(t, answer))
			io.Copy(io.Discard, answer.Body)
			want := strings.Join(append(lines, ""), "\n")
			if err != nil || string(got) != want || answer.Trailer.Get(exitHeader) != "4003 exit status 3" {
				t.Errorf("%q, %v, %v", got, err, answer.Trailer)
			}
		})
	}
}

// TestGzipCut: what was cut does not end as a whole answer, though its connection is not broken
// off here.
func TestGzipCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := room(1)
		o := Options{Encoder: textForm{}, Peer: &stranger{}, Interval: interval, IgnoresBody: true, Gzip: g}
		_, r := talkWith(t, t.Context(), aZipGet, o, func(c *Client) {
			c.Send(said("a"))
			finish(c, bridge.ErrGoingAway)
			if c.IsWhole() || g.held.Load() != 0 {
				t.Errorf("whole: %v, %d bytes are held", c.IsWhole(), g.held.Load())
			}
		})
		if got, err := io.ReadAll(unzipped(t, answerTo(t, r, "GET"))); string(got) != "a\n" || err != io.ErrUnexpectedEOF {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// TestGzipOrNot has answers that go out as they are.
func TestGzipOrNot(t *testing.T) {
	t.Parallel()
	bytesForm := Options{Encoder: plainForm{}, Gzip: room(1)}
	for name, test := range map[string]struct {
		request, vary string
		o             Options
	}{
		"not asked for":   {aGet, "Accept-Encoding", Options{Encoder: events{}, Gzip: room(1)}},
		"no memory":       {aZipGet, "Accept-Encoding", Options{Encoder: events{}, Gzip: NewGzip(gzipCost - 1)}},
		"off":             {aZipGet, "", Options{Encoder: events{}}},
		"no text":         {aZipGet, "", bytesForm},
		"has a coding":    {aZipGet, "", Options{Encoder: coded{}, Gzip: room(1)}},
		"another's":       {strings.Replace(aZipGet, "gzip", "br, *;q=0", 1), "Accept-Encoding", Options{Encoder: events{}, Gzip: room(1)}},
		"script's header": {aZipGet, "", Options{Encoder: opened{refused: new(error)}, Gzip: room(1)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				test.o.Peer, test.o.Interval, test.o.IgnoresBody = &stranger{}, interval, true
				_, r := talkWith(t, t.Context(), test.request, test.o, func(c *Client) {
					c.Send(said("200\na"))
					finish(c, exit3)
				})
				answer := answerTo(t, r, "GET")
				got, _ := io.ReadAll(answer.Body)
				if coding := answer.Header.Get("Content-Encoding"); coding == "gzip" || answer.Header.Get("Vary") != test.vary || !bytes.Contains(got, []byte("a")) {
					t.Errorf("%v: %q", answer.Header, got)
				}
			})
		})
	}
}

// TestShrink has whole answers.
func TestShrink(t *testing.T) {
	t.Parallel()
	r := request(t, "GET", "")
	r.Header.Set("Accept-Encoding", "gzip")
	noise := make([]byte, 0, 4000)
	for i := uint32(1); len(noise) < cap(noise); i = i*1664525 + 1013904223 {
		noise = append(noise, byte(i>>24))
	}
	g := NewGzip(gzipCost + 5000)
	for name, test := range map[string]struct {
		body   []byte
		shrunk bool
	}{
		"small": {[]byte(strings.Repeat("a", leastShrunk-1)), false},
		"text":  {[]byte(strings.Repeat("a", leastShrunk)), true},
		"noise": {noise, false},
		"large": {[]byte(strings.Repeat("a", 5001)), false},
	} {
		h := http.Header{"Content-Type": {"application/json"}}
		got, free := g.Shrink(h, r, test.body)
		if (h.Get("Content-Encoding") == "gzip") != test.shrunk || (g.held.Load() > 0) != test.shrunk {
			t.Errorf("%s: %v, %d held", name, h, g.held.Load())
		}
		if test.shrunk {
			z, _ := gzip.NewReader(bufio.NewReader(bytes.NewReader(got)))
			got, _ = io.ReadAll(z)
		}
		if free(); !bytes.Equal(got, test.body) || g.held.Load() != 0 {
			t.Errorf("%s: %q, %d held", name, got, g.held.Load())
		}
	}
}

// textForm is a plainForm that says what it is.
type textForm struct{ plainForm }

func (f textForm) Header(h http.Header) {
	f.plainForm.Header(h)
	h.Set("Content-Type", "text/plain; charset=utf-8")
}

// coded is events whose header has a coding of its own.
type coded struct{ events }

func (coded) Header(h http.Header) {
	h.Set("Content-Type", EventStream)
	h.Set("Content-Encoding", "aes128gcm")
}
