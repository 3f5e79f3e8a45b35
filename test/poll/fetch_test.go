package poll

import (
	"fmt"
	"os/exec"
	"testing"

	"websocketd/test/harness"
)

// A program that does not take a POST for longer than a ping interval keeps its client waiting.
// The fetch of Node takes an interim response meanwhile for a broken answer.
func TestFetchAwaitsProgram(t *testing.T) {
	t.Parallel()
	harness.Need(t, "node")
	s := start(t, "--shared", "--pingms=500", "sh", "-c", "sleep 3; cat >/dev/null")
	const post = `fetch(process.argv[1], { method: 'POST', body: 'x'.repeat(900000) }).then(r => process.stdout.write(String(r.status)))`
	cmd := exec.CommandContext(harness.Context(t), "node", "-e", post, fmt.Sprintf("http://%s/", s.Addr))
	if out, err := cmd.CombinedOutput(); string(out) != "204" {
		t.Errorf("%s, %v", out, err)
	}
}
