package control

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/process"
)

// newControl returns a Control that ends with the test.
func newControl(t *testing.T, o Options) *Control {
	t.Helper()
	c := New(o)
	t.Cleanup(c.Close)
	return c
}

// ask asks for a route, as somebody who was let in.
func ask(c *Control, path string, header ...string) *http.Response {
	r, to := httptest.NewRequest("GET", path, nil), httptest.NewRecorder()
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	c.routes.ServeHTTP(to, r)
	return to.Result()
}

// scrape returns all series, by their names with labels.
func scrape(t *testing.T, c *Control) map[string]float64 {
	t.Helper()
	answer := ask(c, "/metrics")
	if answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status)
	}
	return parse(t, answer.Body)
}

// parse reads both text formats: a line is a series and its value. A histogram is known by its
// count. That the formats are what they are to be is for tests of the command, whose module has a
// parser for them.
func parse(t *testing.T, from io.Reader) map[string]float64 {
	t.Helper()
	text, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		series, value, _ := strings.Cut(strings.NewReplacer("{", " ", `",`, " ", `"}`, "", `="`, "=").Replace(line), " ")
		if at := strings.LastIndexByte(value, ' '); at >= 0 {
			series, value = series+" "+value[:at], value[at+1:]
		}
		name, labels, _ := strings.Cut(series, " ")
		if strings.HasPrefix(line, "#") || strings.HasSuffix(name, "_bucket") || strings.HasSuffix(name, "_sum") {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all[strings.TrimSpace(strings.TrimSuffix(name, "_count")+" "+labels)] = n
	}
	return all
}

// talked returns a conversation that has moved something.
func talked(id, program string, cause error) libwebsocketd.Conversation {
	c := libwebsocketd.Conversation{ID: id, Program: program, Path: "/secret-" + id, Remote: "remote-" + id, User: "user-" + id}
	c.ToClient, c.ToProgram = bridge.Tally{Messages: 3, Bytes: 30}, bridge.Tally{Messages: 2, Bytes: 20}
	c.Undelivered.Messages, c.Missed, c.Cause = 1, 5, cause
	return c
}

// TestMetrics: everything that an Observer is told is counted, under its program's name, and
// nothing of a client becomes a label.
func TestMetrics(t *testing.T) {
	c := newControl(t, Options{Name: "own", Version: "1.2"})
	for i, cause := range []error{
		&bridge.EndedError{}, ended(3, 0), ended(0, 9), &bridge.CloseError{Code: 1001}, &bridge.CloseError{Code: 4321},
		bridge.ErrGoingAway, &bridge.CloseWith{Code: 1013},
	} {
		conv := talked(fmt.Sprint(i), "build", cause)
		c.Began(conv)
		c.Ended(conv)
	}
	tap := c.Started(libwebsocketd.Process{ID: "x"})
	c.Started(libwebsocketd.Process{ID: "y"}).Ended(process.Ending{})
	c.Exited("", process.Ending{})
	c.Failed(libwebsocketd.Process{Program: "build"}, "no room")
	c.ForkRefused("build")
	c.Refused(429)
	c.Refused(7)
	c.Took("build", 3*time.Millisecond)
	got := scrape(t, c)
	for series, want := range map[string]float64{
		"connections_total program=build": 7, "connections program=build": 0,
		"messages_total direction=in program=build": 14, "messages_total direction=out program=build": 21,
		"message_bytes_total direction=in program=build": 140, "message_bytes_total direction=out program=build": 210,
		"undelivered_messages_total program=build": 7, "missed_messages_total program=build": 35, "slow_clients_closed_total program=build": 1,
		"endings_total code=1000 program=build": 1, "endings_total code=exit_status program=build": 1, "endings_total code=signal program=build": 1,
		"endings_total code=1001 program=build": 2, "endings_total code=private program=build": 1, "endings_total code=1013 program=build": 1,
		"processes program=own": 1, "processes_started_total program=own": 2,
		"process_start_failures_total program=build": 1, "forks_refused_total program=build": 1,
		"requests_refused_total status=429": 1, "requests_refused_total status=other": 1,
		"output_latency_seconds program=build": 1, "hub_clients": 0, "hub_subscribers": 0, "hub_channels": 0, "hub_slow_clients_closed_total": 0,
	} {
		if n, ok := got["websocketd_"+series]; !ok || n != want {
			t.Errorf("%s is %v (there: %v), want %v", series, n, ok, want)
		}
	}
	for series := range got {
		if strings.Contains(series, "secret-") || strings.Contains(series, "remote-") || strings.Contains(series, "user-") {
			t.Errorf("%s tells of a client", series)
		}
	}
	for _, name := range []string{"go_goroutines", "process_open_fds", "websocketd_build_info"} {
		if !hasSeries(got, name) {
			t.Errorf("there is no %s", name)
		}
	}
	tap.Ended(process.Ending{})
}

func ended(code int, signal syscall.Signal) error {
	e := &bridge.EndedError{}
	e.Code, e.Signal = code, signal
	return e
}

func hasSeries(all map[string]float64, name string) bool {
	for series := range all {
		if series == name || strings.HasPrefix(series, name+" ") {
			return true
		}
	}
	return false
}

// TestSnapshot: what runs is added to what has ended, and what is ending is counted once,
// also when it is still listed. A conversation that has no program yet counts for none.
func TestSnapshot(t *testing.T) {
	c := newControl(t, Options{Name: "own"})
	runs, ending, nameless := talked("runs", "", nil), talked("ending", "", &bridge.CloseError{Code: 1000}), libwebsocketd.Conversation{ID: "n", Nameless: true}
	for _, conv := range []libwebsocketd.Conversation{runs, ending, nameless} {
		c.Began(conv)
	}
	c.Ended(ending)
	unknown := talked("entered, and not begun", "", nil)
	now := c.counts.snapshot([]libwebsocketd.Conversation{runs, ending, nameless, unknown}, c.labelOf)
	if p := now.programs["own"]; p.talk.conversations != 2 || p.talk.toClient != (bridge.Tally{Messages: 6, Bytes: 60}) || p.talk.missed != 10 {
		t.Errorf("%+v", p.talk)
	}
	if now.open["own"] != 1 || now.open[""] != 1 || len(now.open) != 2 {
		t.Errorf("%v run", now.open)
	}
	if again := c.counts.snapshot(nil, c.labelOf); again.programs["own"].talk.conversations != 1 || again.open["own"] != 0 {
		t.Errorf("%+v", again)
	}
}

// TestManyPrograms: of any number of programs a thousand have a label, and nothing that is counted
// is lost.
func TestManyPrograms(t *testing.T) {
	c := newControl(t, Options{})
	const many = 3 * mostPrograms
	for range 2 {
		for i := range many {
			conv := talked(fmt.Sprint(i), fmt.Sprintf("p%d\xff", i), &bridge.EndedError{})
			c.Began(conv)
			c.Ended(conv)
		}
	}
	labels, total := 0, 0.0
	for series, n := range scrape(t, c) {
		if strings.HasPrefix(series, "websocketd_connections_total ") {
			labels++
			total += n
		}
	}
	if labels != mostPrograms+1 || total != 2*many {
		t.Errorf("%d programs with %v conversations, want %d with %d", labels, total, mostPrograms+1, 2*many)
	}
}

// TestMetricsForm: whatever a client accepts, it gets metrics in a form that has a name.
func TestMetricsForm(t *testing.T) {
	c := newControl(t, Options{})
	for _, test := range []struct{ accept, encoding, form, encoded string }{
		{"", "", "text/plain", ""},
		{"image/png", "br", "text/plain", ""},
		{"text/plain;q=0", "zstd", "text/plain", ""},
		{"application/openmetrics-text;version=1.0.0", "gzip", "application/openmetrics-text", "gzip"},
		{"*/*", "gzip;q=0", "text/plain", ""},
		{"application/openmetrics-text;version=1.0.0;q=0.5, application/openmetrics-text;version=0.0.1;q=0.4, text/plain;version=0.0.4;q=0.3, */*;q=0.2", "", "application/openmetrics-text", ""},
		{"application/vnd.google.protobuf, application/openmetrics-text;q=0.1, text/plain;q=0.2", "", "text/plain", ""},
		{"application/openmetrics-text;version=2.0.0", "", "text/plain", ""},
		{"application/openmetrics-text;q=0", "", "text/plain", ""},
	} {
		answer := ask(c, "/metrics", "Accept", test.accept, "Accept-Encoding", test.encoding)
		if got := answer.Header.Get("Content-Type"); answer.StatusCode != 200 || !strings.HasPrefix(got, test.form) {
			t.Errorf("Accept %q: %s %s", test.accept, answer.Status, got)
		}
		if got := answer.Header.Get("Content-Encoding"); got != test.encoded {
			t.Errorf("Accept-Encoding %q: %q", test.encoding, got)
		}
		body := io.Reader(answer.Body)
		if test.encoded == "gzip" {
			body, _ = gzip.NewReader(body)
		}
		if text, err := io.ReadAll(body); err != nil || !strings.Contains(string(text), "websocketd_hub_clients 0") ||
			(test.form == "text/plain") == strings.HasSuffix(string(text), "# EOF\n") {
			t.Errorf("Accept %q: %v, %.200s", test.accept, err, text)
		}
	}
}

// stalledWriter is a client that takes nothing until it is let go.
type stalledWriter struct {
	*httptest.ResponseRecorder
	writes chan<- struct{}
	goes   <-chan struct{}
}

func (w stalledWriter) Write(p []byte) (int, error) {
	w.writes <- struct{}{}
	<-w.goes
	return w.ResponseRecorder.Write(p)
}

// TestScrapesAtOnce: clients that ask for metrics and do not take them have the server keep so many, and no
// more.
func TestScrapesAtOnce(t *testing.T) {
	serve := newMetrics(newControl(t, Options{}))
	r := httptest.NewRequest("GET", "/metrics", nil)
	writes, goes := make(chan struct{}), make(chan struct{})
	var stalled sync.WaitGroup
	for range mostScrapes {
		stalled.Go(func() { serve(stalledWriter{httptest.NewRecorder(), writes, goes}, r) })
		<-writes
	}
	further := func() int {
		to := httptest.NewRecorder()
		serve(to, r)
		return to.Code
	}
	if got := further(); got != 503 {
		t.Errorf("%d beside %d", got, mostScrapes)
	}
	close(goes)
	stalled.Wait()
	if got := further(); got != 200 {
		t.Errorf("%d after them", got)
	}
}

// TestRoutesOfMetrics: who may ask for them, and that profiles are not there unless asked for.
func TestRoutesOfMetrics(t *testing.T) {
	without, with := newControl(t, Options{}), newControl(t, Options{Pprof: true})
	for pattern, want := range map[string]policy{"GET /healthz": open, "GET /readyz": open, "GET /metrics": guarded} {
		if without.policies[pattern] != want {
			t.Errorf("%s: %v", pattern, without.policies[pattern])
		}
	}
	profiles := 0
	for pattern, p := range with.policies {
		if strings.Contains(pattern, "pprof") {
			profiles++
			if p != guarded {
				t.Errorf("%s: %v", pattern, p)
			}
		}
	}
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap?debug=1", "/debug/pprof/cmdline", "/debug/pprof/symbol"} {
		if got := ask(without, path).StatusCode; got != 404 {
			t.Errorf("%s without: %d", path, got)
		}
		if got := ask(with, path).StatusCode; got != 200 {
			t.Errorf("%s with: %d", path, got)
		}
	}
	if len(with.policies) != len(without.policies)+profiles || profiles < 5 {
		t.Errorf("%d profiles", profiles)
	}
	if answer := ask(without, "/readyz"); answer.StatusCode != 503 {
		t.Errorf("ready without a server: %s", answer.Status)
	}
}
