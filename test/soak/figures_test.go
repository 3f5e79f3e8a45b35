package soak

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"websocketd/test/harness"
)

// figures are what must be back when everyone has left.
type figures struct {
	descriptors, goroutines, processes int
	servers                            int   // with their guardians
	live, resident                     int64 // bytes: of the heap after garbage collection, and of the process
}

// How much more there may be than at the start.
const (
	moreDescriptors = 4        // of the question itself, and a process that is being replaced
	moreGoroutines  = 8        // of these, too
	moreServers     = 2        // the first one stays, beside the newest
	moreLive        = 8 << 20  // text that is formed once for all clients (4 MiB), and a history that is full by now
	moreResident    = 64 << 20 // the runtime gives back slowly what the operator's channels have taken
)

// forgets is after how long the server has forgotten what processes that have ended have written,
// which it keeps for the operator, 64 MiB at most.
const forgets = 11 * time.Minute

// measure asks for the figures.
func (h *house) measure() (f figures, err error) {
	if _, err = h.ask("/debug/pprof/heap?gc=1"); err != nil { // collects garbage first
		return f, err
	}
	metrics, err := h.ask("/metrics")
	if err != nil {
		return f, err
	}
	f.live = int64(number(metrics, "go_memstats_heap_alloc_bytes"))
	f.goroutines = int(number(metrics, "go_goroutines"))
	pid := h.count("pid") // of the newest server
	f.descriptors = harness.Descriptors(h.T, pid)
	f.resident = harness.Memory(h.T, pid)
	f.processes = len(h.server.Children())
	f.servers = len(h.server.Everything()) - f.processes
	return f, nil
}

// number returns a metric without labels, or the sum of one with labels.
func number(metrics, name string) (sum float64) {
	for line := range strings.Lines(metrics) {
		rest, found := strings.CutPrefix(line, name)
		if !found || rest[0] != ' ' && rest[0] != '{' {
			continue
		}
		n, _ := strconv.ParseFloat(strings.TrimSpace(rest[strings.LastIndex(rest, " "):]), 64)
		sum += n
	}
	return sum
}

// over returns what is more than it may be, "" if nothing is. The race detector has memory of its own.
func (f figures) over(start figures) string {
	var more []string
	note := func(what string, n, limit int64) {
		if n > limit {
			more = append(more, fmt.Sprintf("%s: %d, more than %d", what, n, limit))
		}
	}
	note("descriptors", int64(f.descriptors), int64(start.descriptors+moreDescriptors))
	note("goroutines", int64(f.goroutines), int64(start.goroutines+moreGoroutines))
	note("processes", int64(f.processes), 1) // the supervised one, which is just not there at times
	note("servers", int64(f.servers), int64(start.servers+moreServers))
	if os.Getenv("RACE") != "1" {
		note("live bytes", f.live, start.live+moreLive)
		note("resident bytes", f.resident, start.resident+moreResident)
	}
	return strings.Join(more, "; ")
}

// settle waits until nobody is there any more, and returns the figures then.
func (h *house) settle(t *testing.T, limit time.Duration) (f figures) {
	t.Helper()
	for _, p := range h.proxies {
		p.Reset()
	}
	left := func() string {
		return fmt.Sprintf("%d connections, %d sessions, %d processes", h.count("connections"), h.count("sessions"), len(h.server.Children()))
	}
	const nobody = "0 connections, 0 sessions, 1 processes"
	if !harness.Within(limit, func() bool { return left() == nobody }) {
		t.Errorf("not everyone has left: %s", left())
	}
	var err error
	if f, err = h.measure(); err != nil {
		t.Fatal(err)
	}
	return f
}

// profile keeps a profile of the server.
func (h *house) profile(t *testing.T, name string) {
	t.Helper()
	text, err := h.ask("/debug/pprof/" + name)
	if err == nil {
		err = os.WriteFile(filepath.Join(h.artifacts, strings.ReplaceAll(name, "?", "-")), []byte(text), 0o600)
	}
	if err != nil {
		t.Errorf("profile: %v", err)
	}
}

// table prints what has happened.
func (h *house) table(t *testing.T, faces []*face, all []*trouble, start, end figures) {
	t.Helper()
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "clients\tcame\tto the end\tcut or left\tlines sent\tlines heard\tlost\t")
	for _, f := range faces {
		c := &f.tally
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t\n", f.name, c.came.Load(), c.whole.Load(), c.cut.Load(), c.sent.Load(), c.heard.Load(), c.lost.Load())
	}
	fmt.Fprintln(w, "\t\t\t\t\t\t\t")
	fmt.Fprintln(w, "server\tat the start\tat the end\t\t\t\t\t")
	for _, row := range []struct {
		name       string
		start, end any
	}{
		{"descriptors", start.descriptors, end.descriptors},
		{"goroutines", start.goroutines, end.goroutines},
		{"processes", start.processes, end.processes},
		{"servers and guardians", start.servers, end.servers},
		{"live heap, KB", start.live >> 10, end.live >> 10},
		{"resident, KB", start.resident >> 10, end.resident >> 10},
	} {
		fmt.Fprintf(w, "%s\t%v\t%v\t\t\t\t\t\n", row.name, row.start, row.end)
	}
	w.Flush()
	processes, said := h.ledger.all(t)
	harness.Measured(t, "%d processes have said %d lines; %v\n%s", processes, said, all, &b)
}
