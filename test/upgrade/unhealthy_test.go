package upgrade

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// deafConfig has a program that is unhealthy, and does not end when it is asked to, while there is a file ill.
const deafConfig = `
[program.deaf]
command = ["sh", "-c", "trap 'test -e ill || exit 0' TERM; while :; do sleep 0.05; done"]
lifetime = "supervised"
kill_timeout = "10m"
health = { script = ["sh", "-c", "test ! -e ill"], interval = "50ms", retries = 1 }
`

// A process that a health check is just ending, and that takes long, is not handed over: the old server goes
// on, and says why. When the process has ended, a new one takes over.
func TestUnhealthy(t *testing.T) {
	t.Parallel()
	o := options(t, "--config=f.toml", "--admin=unix:admin.sock")
	write(t, o, "f.toml", deafConfig)
	h := startWith(t, o)
	before := h.awaitInstances(t, o, "it is online", func(all []kept) bool { return statuses(all) == "deaf online" })
	write(t, o, "ill", "")
	h.awaitInstances(t, o, "it is being ended", func(all []kept) bool { return statuses(all) == "deaf restarting" })
	h.fail(t, "a process is just being started or ended: try again later")
	if all := h.instances(t, o); all[0].Pid != before[0].Pid {
		t.Errorf("%v, before %v", all, before)
	}
	if err := os.Remove(filepath.Join(o.Dir, "ill")); err != nil {
		t.Fatal(err)
	}
	process, _ := os.FindProcess(before[0].Pid)
	process.Kill()
	after := h.awaitInstances(t, o, "another process follows", func(all []kept) bool {
		return statuses(all) == "deaf online" && all[0].Pid != before[0].Pid
	})
	h.upgradeAfter(t)
	if all := h.instances(t, o); all[0].Pid != after[0].Pid || !strings.Contains(statuses(all), "online") {
		t.Errorf("%v, before %v", all, after)
	}
	h.end(t, 0)
}
