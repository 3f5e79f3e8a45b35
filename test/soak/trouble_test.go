package soak

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"websocketd/test/harness"
)

// trouble is what happens beside the clients.
type trouble struct {
	name    string
	every   time.Duration // at most
	happens func(h *house, random *rand.Rand) bool
	count   atomic.Int64
}

// make makes it happen again and again until ctx is done.
func (tr *trouble) make(ctx context.Context, h *house, random *rand.Rand) {
	for wait(ctx, random, tr.every); ctx.Err() == nil; wait(ctx, random, tr.every) {
		if tr.happens(h, random) {
			tr.count.Add(1)
		}
	}
}

// trouble makes all of it happen until ctx is done, and waits until it is over.
func (h *house) trouble(ctx context.Context, all []*trouble) {
	var ends sync.WaitGroup
	for _, tr := range all {
		seed := h.random.Uint64()
		ends.Go(func() { tr.make(ctx, h, rand.New(rand.NewPCG(seed, seed))) })
	}
	ends.Wait()
}

// troubles are those that there are. In a long run they come less often.
func troubles(long bool) []*trouble {
	pace := time.Second
	if long {
		pace = 4 * time.Second
	}
	all := []*trouble{
		{name: "cuts", every: pace / 4, happens: cut},
		{name: "kills", every: pace, happens: kill},
		{name: "reloads", every: pace * 2, happens: (&reloads{}).reload},
		{name: "operations", every: pace * 2, happens: operate},
	}
	if upgrades(long) {
		all = append(all, &trouble{name: "upgrades", every: pace * 4, happens: upgrade})
	}
	return all
}

// cut has a fault strike the next connection that gets some more bytes through a proxy, if the one
// before it has struck.
func cut(h *house, random *rand.Rand) bool {
	faults := []harness.Fault{harness.Reset, harness.EndToClient, harness.EndToServer, harness.Blackhole, harness.Stall(pings * 5 / 2)}
	p := h.proxies[random.IntN(len(h.proxies))]
	if !p.Recovered() {
		return false
	}
	p.After(random.IntN(4000), faults[random.IntN(len(faults))])
	return true
}

// kill kills a process of the server's.
func kill(h *house, random *rand.Rand) bool {
	children := h.server.Children()
	if len(children) == 0 {
		return false
	}
	pid := children[random.IntN(len(children))]
	h.killed.Store(strconv.Itoa(pid), true)
	return syscall.Kill(pid, syscall.SIGKILL) == nil
}

// reloads has the server read its file again, with a program or without it.
type reloads struct{ there bool }

func (r *reloads) reload(h *house, _ *rand.Rand) bool {
	more, want := "", http.StatusNotFound
	if r.there = !r.there; r.there {
		more, want = "\n[program.extra]\ncommand = [\"cat\"]\n", http.StatusOK
	}
	h.configure(h.T, more)
	h.server.Signal(h.T, syscall.SIGHUP)
	status := 0
	taken := func() bool {
		resp, err := h.http.Do(stateOf("http://" + h.server.Addr + "/extra?state"))
		if err != nil {
			h.Errorf("%v", err)
			return true
		}
		defer resp.Body.Close()
		io.Copy(io.Discard, resp.Body)
		status = resp.StatusCode
		return status == want
	}
	if !harness.Within(harness.Patience(h.T), taken) {
		h.Errorf("the reload is not there: %d, not %d", status, want)
	}
	return true
}

// stateOf returns the request for the state of a program.
func stateOf(address string) *http.Request {
	r, err := http.NewRequest("GET", address, nil)
	if err != nil {
		panic(err)
	}
	r.Header.Set("Accept", "application/json")
	return r
}

// operate does what an operator does: looks, and steers the supervised program.
func operate(h *house, random *rand.Rand) bool {
	requests := []string{
		"GET /metrics", "GET /api/connections", "GET /api/programs", "GET /api/sessions", "GET /api/processes", "GET /readyz",
		"POST /api/processes/super/restart", "POST /api/processes/super/reload", "GET /api/channels/process:super?after=none:0",
	}
	method, path, _ := strings.Cut(requests[random.IntN(len(requests))], " ")
	r, err := http.NewRequest(method, "http://"+h.admin+path, nil)
	if err != nil {
		panic(err)
	}
	resp, err := h.http.Do(r)
	if err != nil {
		h.Errorf("%s %s: %v", method, path, err)
		return false
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case bytes.Contains(body, []byte("ended before it was ready")): // the next process was killed
		return true
	case resp.StatusCode == http.StatusServiceUnavailable && bytes.Contains(body, []byte("a new server goes on")):
		return false
	}
	if err != nil || resp.StatusCode >= 400 {
		h.Errorf("%s %s: %s: %.200s %v", method, path, resp.Status, body, err)
	}
	return true
}

// setHeader sets a header from "NAME: VALUE".
func setHeader(r *http.Request, line string) {
	name, value, _ := strings.Cut(line, ": ")
	r.Header.Set(name, value)
}

// String says how often it has happened.
func (tr *trouble) String() string { return fmt.Sprint(tr.count.Load(), " ", tr.name) }
