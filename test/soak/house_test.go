package soak

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"websocketd/test/harness"
)

// house is the server, and what all clients of it need.
type house struct {
	*testing.T
	server    *harness.Server
	admin     string // host:port of the operator's listener
	dir       string
	artifacts string           // directory of the log and the profiles
	proxies   []*harness.Proxy // that cut
	gate      *harness.Gate    // that lets no WebSocket through
	ledger    ledger
	http      *http.Client
	random    *rand.Rand
	long      bool     // make soak: what takes a minute to go away is there, too
	killed    sync.Map // pid -> true
}

// programs are those of the config file. A program that dies soon is started again after longer and
// longer, so one that is shared lives for long. What it has said in the last minutes is kept: on a busy
// machine a client who is cut off notices it late.
const programs = `
pingms = 5000
maxforks = 500
history = "2M"

[program.talk]
command = [%[1]q, "say", "-notes=%[2]s", "-eof", "-kills=10"]
params = []

[program.tell]
command = [%[1]q, "say", "-notes=%[2]s", "-every=5ms", "-least=1", "-most=400", "-kills=30"]

[program.shared]
command = [%[1]q, "say", "-notes=%[2]s", "-every=20ms", "-least=%[3]d", "-most=%[4]d", "-kills=30"]
lifetime = "shared"
restart = "always"
linger = "2s"

[program.session]
command = [%[1]q, "say", "-notes=%[2]s", "-every=5ms", "-least=20", "-most=1000", "-kills=30"]
lifetime = "session"
resume = "20s"

[program.super]
command = [%[1]q, "say", "-notes=%[2]s", "-every=20ms", "-least=%[3]d", "-most=%[4]d", "-kills=30"]
lifetime = "supervised"
max_restarts = -1

[program.mcp]
command = [%[1]q, "mcp"]
mcp = true
resume = "5s"
linger = "2s"
`

// newHouse starts the server.
func newHouse(t *testing.T, long bool) *house {
	t.Helper()
	h := &house{T: t, dir: t.TempDir(), ledger: ledger{t.TempDir()}, long: long, random: random(t)}
	h.admin = "127.0.0.1:" + strconv.Itoa(harness.FreePort(t))
	h.write(t, "public/hello.txt", "hello\n", 0o644)
	h.write(t, "cgi/hi.sh", "#!/bin/sh\necho Content-Type: text/plain\necho\necho hello\n", 0o755)
	h.configure(t, "")
	h.artifacts = t.ArtifactDir()
	log, err := os.Create(filepath.Join(h.artifacts, "server.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	h.server = harness.Options{
		Stdout: log,
		Bin:    harness.Binary(t), Dir: h.dir, Env: []string{"XDG_RUNTIME_DIR=" + h.dir},
		Args: []string{"--config=websocketd.toml", "--pow", "--gzip", "--staticdir=public", "--cgidir=cgi", "--cgipath=/cgi",
			"--admin=" + h.admin, "--admintoken=none", "--adminpprof"},
	}.Start(t)
	for range 4 {
		h.proxies = append(h.proxies, harness.NewProxy(t, h.server.Addr))
	}
	h.gate = harness.NewGate(t, h.server.Addr)
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	t.Cleanup(transport.CloseIdleConnections)
	h.http = &http.Client{Transport: transport, Timeout: longest}
	return h
}

// random returns a source of choices that SEED repeats.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if n, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, seed))
}

// configure writes the config file, with more programs.
func (h *house) configure(t *testing.T, more string) {
	t.Helper()
	least, most := 50, 150
	if h.long {
		least, most = 600, 1500
	}
	h.write(t, "websocketd.toml", fmt.Sprintf(programs, harness.Child(t), h.ledger.dir, least, most)+more, 0o644)
}

// write writes a file of the server's, which is never there in part.
func (h *house) write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	file := filepath.Join(h.dir, name)
	err := os.MkdirAll(filepath.Dir(file), 0o755)
	if err == nil {
		err = os.WriteFile(file+".new", []byte(text), mode)
	}
	if err == nil {
		err = os.Rename(file+".new", file)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// isKilled reports whether somebody has killed the process that says this id.
func (h *house) isKilled(id string) bool {
	pid, _, _ := strings.Cut(id, "-")
	_, killed := h.killed.Load(pid)
	return killed
}

// ask returns what the operator's listener answers.
func (h *house) ask(path string) (string, error) {
	resp, err := h.http.Get("http://" + h.admin + path)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %.200s", path, resp.Status, body)
	}
	return string(body), err
}

// count returns a number of /api/server.
func (h *house) count(name string) int {
	text, err := h.ask("/api/server")
	var all map[string]any
	if err == nil {
		err = json.Unmarshal([]byte(text), &all)
	}
	n, isNumber := all[name].(float64)
	if err != nil || !isNumber {
		h.Errorf("/api/server: %v: %q has no number in %s", err, name, text)
	}
	return int(n)
}

// pings is how often a client of package client pings: it notices within two of them that the
// server is gone.
const pings = time.Second
