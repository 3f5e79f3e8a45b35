package pow

import (
	"os/exec"
	"path/filepath"
	"testing"

	"websocketd/test/harness"
)

// A client that knows only the description of the protocol, in another language, finds that
// each point of it holds.
func TestPythonClient(t *testing.T) {
	t.Parallel()
	harness.Need(t, "python3", "python3:websockets")
	python, _ := harness.PythonWebsockets()
	s := serve(t, cat+args+exits+split+deaf+shell("killed", `kill -TERM $$; sleep 1000`)+shell("ignores", `trap '' INT TERM; echo up; cat; echo end`)+"closems = 60000\n")
	t.Cleanup(func() { harness.NoSurvivors(t, s) })
	for _, point := range []string{"accepted", "named", "text", "split", "closed", "endings", "complete", "wrong", "canceled", "early", "leaves", "rest_face", "document"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(harness.Context(t), python, filepath.Join(harness.ClientsDir(), "pow.py"), "ws://"+s.Addr+"/pow/", point)
			if out, err := cmd.CombinedOutput(); err != nil || string(out) != "right\n" {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
