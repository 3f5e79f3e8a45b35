package ctl

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake is a management listener.
type fake struct {
	http *httptest.Server

	programs, sessions, connections string // arrays
	processes                       string

	met, present, together int // of meet
	serverDoc              string
	token                  string // "": none is asked for

	mu       sync.Mutex
	changed  *sync.Cond
	channels map[string]*fakeChannel
	took     []string                                           // what came by POST, with its kind
	post     func(message string) (status int, sentence string) // nil: everything is taken
	ended    []string                                           // the paths of DELETE
	cut      func(w http.ResponseWriter, body []byte) bool      // breaks an answer of a channel off; nil: none
}

type fakeChannel struct {
	epoch string
	first int // number of all[0]
	all   []string
}

func newFake(t *testing.T) *fake {
	f := &fake{processes: "[]", programs: "[]", sessions: "[]", connections: "[]", serverDoc: "{}", channels: map[string]*fakeChannel{}}
	f.changed = sync.NewCond(&f.mu)
	f.http = httptest.NewServer(f.handler())
	t.Cleanup(f.http.Close)
	return f
}

func (f *fake) handler() http.Handler {
	m := http.NewServeMux()
	for path, text := range map[string]*string{"programs": &f.programs, "connections": &f.connections, "sessions": &f.sessions} {
		m.HandleFunc("GET /api/"+path, func(w http.ResponseWriter, r *http.Request) { f.list(w, r, *text) })
	}
	m.HandleFunc("GET /api/server", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, f.serverDoc) })
	m.HandleFunc("GET /api/channels", func(w http.ResponseWriter, r *http.Request) { f.list(w, r, f.infos()) })
	m.HandleFunc("GET /api/sessions/{id}", f.session)
	m.HandleFunc("GET /api/channels/{name}", f.channel)
	m.HandleFunc("POST /api/channels/{name}", f.input)
	m.HandleFunc("DELETE /", f.end)
	f.supervise(m)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.token != "" && r.Header.Get("Authorization") != "Bearer "+f.token {
			refuse(w, http.StatusUnauthorized, "the token is not right")
			return
		}
		m.ServeHTTP(w, r)
	})
}

func refuse(w http.ResponseWriter, status int, sentence string) {
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"error": sentence})
}

// list answers with two entries at a time.
func (f *fake) list(w http.ResponseWriter, r *http.Request, text string) {
	var all []json.RawMessage
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		panic(err)
	}
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	some := all[min(offset, len(all)):min(offset+2, len(all))]
	w.Header().Set(moreHeader, strconv.Itoa(len(all)-offset-len(some)))
	json.NewEncoder(w).Encode(append([]json.RawMessage{}, some...))
}

func (f *fake) session(w http.ResponseWriter, r *http.Request) {
	var all []entry[session]
	f.mu.Lock()
	json.Unmarshal([]byte(f.sessions), &all)
	f.mu.Unlock()
	for _, x := range all {
		if id := r.PathValue("id"); x.Doc.ID == id || strconv.FormatUint(x.Doc.Number, 10) == id {
			w.Write(x.Raw)
			return
		}
	}
	refuse(w, http.StatusNotFound, "there is no session of that id or number")
}

func (f *fake) infos() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := []channelInfo{}
	for name, ch := range f.channels {
		all = append(all, channelInfo{Name: name, Epoch: ch.epoch, First: uint64(ch.first), Last: uint64(ch.first + len(ch.all) - 1)})
	}
	text, _ := json.Marshal(all)
	return string(text)
}

// mostOfFake is how many envelopes an answer has.
const mostOfFake = 5

// channel answers a long-poll.
func (f *fake) channel(w http.ResponseWriter, r *http.Request) {
	wait, _ := time.ParseDuration(r.URL.Query().Get("wait"))
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.changed.Broadcast()
	})()
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		ch := f.channels[r.PathValue("name")]
		if ch == nil {
			ch = &fakeChannel{epoch: "none", first: 1}
		}
		body, some := ch.page(r.URL.Query().Get("after"))
		if !some && ctx.Err() == nil {
			f.changed.Wait()
			continue
		}
		if f.cut == nil || !f.cut(w, body) {
			w.Write(body)
		}
		return
	}
}

// page returns an answer, and whether there is something in it.
func (ch *fakeChannel) page(after string) (body []byte, some bool) {
	epoch, number, _ := strings.Cut(after, ":")
	from, _ := strconv.Atoi(number)
	recovered := epoch == ch.epoch && from >= ch.first-1
	if !recovered {
		from = ch.first - 1
	}
	pending := ch.all[from-ch.first+1:]
	more := len(pending) > mostOfFake
	pending = pending[:min(len(pending), mostOfFake)]
	return fmt.Appendf(nil, `{"epoch":%q,"recovered":%v,"pending":[%s],"next":"%s:%d","more":%v}`,
		ch.epoch, recovered, strings.Join(pending, ","), ch.epoch, from+len(pending), more), len(pending) > 0 || after != "" && !recovered
}

func (f *fake) input(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if f.post != nil {
		if status, sentence := f.post(string(body)); status != 0 {
			refuse(w, status, sentence)
			return
		}
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), "/")
	f.mu.Lock()
	f.took = append(f.took, kind+" "+string(body))
	f.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func (f *fake) end(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.ended = append(f.ended, r.URL.EscapedPath())
	f.mu.Unlock()
	id, isConnection := strings.CutPrefix(r.URL.Path, "/api/connections/")
	switch {
	case strings.HasSuffix(r.URL.Path, "/processes"):
		io.WriteString(w, `{"ended":3}`)
	case isConnection && !strings.Contains(f.connections, `{"id":"`+id+`"`):
		refuse(w, http.StatusNotFound, "there is no connection of that id")
	default:
		io.WriteString(w, `{"id":"x"}`)
	}
}

// write publishes envelopes.
func (f *fake) write(name string, envelopes ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.channels[name] == nil {
		f.channels[name] = &fakeChannel{epoch: "AAAA", first: 1}
	}
	f.channels[name].all = append(f.channels[name].all, envelopes...)
	f.changed.Broadcast()
}

// line is the envelope of a line.
func line(text string) string {
	data, _ := json.Marshal(text)
	return `{"type":"process_output","processId":"x","data":` + string(data) + `}`
}

// became is the envelope of a status.
func became(status string, code int) string {
	return fmt.Sprintf(`{"type":"process_status","processId":"x","data":{"status":%q,"exitCode":%d}}`, status, code)
}

// options are those of a command to the fake.
func (f *fake) options(verb string, names ...string) Options {
	return Options{Verb: verb, Names: names, Address: Address{URL: f.http.URL}, Lines: -1, Timeout: time.Minute}
}

// files are the streams of a command.
type files struct {
	Streams
	dir string
}

func newFiles(t *testing.T, stdin string) *files {
	t.Helper()
	f := &files{dir: t.TempDir()}
	for name, to := range map[string]**os.File{"in": &f.Stdin, "out": &f.Stdout, "err": &f.Stderr} {
		file, err := os.OpenFile(filepath.Join(f.dir, name), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { file.Close() })
		*to = file
	}
	if _, err := f.Stdin.WriteAt([]byte(stdin), 0); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *files) read(name string) string {
	text, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil {
		panic(err)
	}
	return string(bytes.TrimRight(text, "\x00"))
}

// runs demands what a command does.
func runs(t *testing.T, o Options, stdin string, status int, stdout, stderr string) {
	t.Helper()
	f := newFiles(t, stdin)
	if got := Run(o, f.Streams); got != status {
		t.Errorf("%s %s: exit status %d, want %d", o.Verb, o.Names, got, status)
	}
	if got := f.read("out"); got != stdout {
		t.Errorf("%s %s: standard output %q, want %q", o.Verb, o.Names, got, stdout)
	}
	if got := f.read("err"); got != stderr {
		t.Errorf("%s %s: standard error %q, want %q", o.Verb, o.Names, got, stderr)
	}
}
