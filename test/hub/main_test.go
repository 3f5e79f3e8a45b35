// Package hub tests channels from outside: through the program in examples/hub, which is the
// complete server of the document, and through the real binary, which publishes what its
// processes write.
//
// SEED=N repeats a run's random choices, CUTS=N is how often a subscriber is cut off.
package hub

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// example is the program of examples/hub, built once.
var example = sync.OnceValues(func() (program string, err error) {
	dir, err := os.MkdirTemp("", "websocketd-hub-")
	if err != nil {
		return "", err
	}
	harness.AtExit(func() { os.RemoveAll(dir) })
	program = filepath.Join(dir, "hub")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = filepath.Join(harness.RootDir(), "examples", "hub")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return program, nil
})

// startExample starts the example on a free port. /run runs the command.
func startExample(t *testing.T, command ...string) *harness.Server {
	t.Helper()
	return startExampleAt(t, harness.FreePort(t), command...)
}

// startExampleAt starts the example on a port.
func startExampleAt(t *testing.T, port int, command ...string) *harness.Server {
	t.Helper()
	harness.Need(t, "go")
	program, err := example()
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{fmt.Sprintf("-address=127.0.0.1:%d", port)}, command...)
	return harness.Options{Bin: program, Bare: true, Port: port, Args: args}.Start(t)
}

// ask makes a request and returns the answer's status and body.
func ask(t *testing.T, method, url string, header ...string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(harness.Context(t), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	answer, err := harness.HTTPClient(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, strings.TrimSuffix(string(all), "\n")
}

// runAs has the example start its command under an id.
func runAs(t *testing.T, s *harness.Server, id string) {
	t.Helper()
	if status, body := ask(t, "GET", "http://"+s.Addr+"/run?id="+id); status != 202 || body != "" {
		t.Fatalf("/run?id=%s: %d %s", id, status, body)
	}
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
