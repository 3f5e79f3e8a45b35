package upgrade

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goclient "websocketd/client"
	"websocketd/test/harness"
)

// supervisedConfig has programs that are kept alive, one that cannot be, and one that somebody stops.
const supervisedConfig = `
[program.talk]
command = ["CHILD", "talk", "-every=2ms"]
lifetime = "supervised"
instances = 2
history = "64M"
log_file = "talk.log"

[program.note]
command = ["python3", "-c", "import os, socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'READY=1', os.environ['NOTIFY_SOCKET']); sys.stdin.read()"]
lifetime = "supervised"
ready.notify = true
after = ["talk:started"]

[program.down]
command = ["false"]
lifetime = "supervised"
max_restarts = 1

[program.idle]
command = ["cat"]
lifetime = "supervised"
`

// kept is what an operator sees of an instance.
type kept struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Status   string `json:"status"`
	Pid      int    `json:"pid"`
	Restarts int    `json:"restarts"`
}

// instances returns what ctl ps shows.
func (h *house) instances(t *testing.T, o harness.Options) (all []kept) {
	t.Helper()
	out, err := h.ctl(t, o, "ps", "--json")
	if err == nil {
		err = json.Unmarshal([]byte(out), &all)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return all
}

// awaitInstances waits until the instances are as is wants.
func (h *house) awaitInstances(t *testing.T, o harness.Options, what string, is func(all []kept) bool) (all []kept) {
	t.Helper()
	harness.Until(t, what, func() bool {
		all = h.instances(t, o)
		return is(all)
	})
	return all
}

func statuses(all []kept) string {
	var words []string
	for _, k := range all {
		words = append(words, k.Name+" "+k.Status)
	}
	return strings.Join(words, ", ")
}

// Supervised programs go on: the same processes with the same counts, what is errored or stopped stays
// so, and the rule holds in the new server. A program that is configured differently is reloaded.
func TestSupervised(t *testing.T) {
	t.Parallel()
	harness.Need(t, "python3")
	o := options(t, "--config=f.toml", "--admin=unix:admin.sock")
	config := strings.ReplaceAll(supervisedConfig, "CHILD", harness.Child(t))
	write(t, o, "f.toml", config)
	h := startWith(t, o)
	const settled = "talk-0 online, talk-1 online, note online, down errored, idle online"
	h.awaitInstances(t, o, settled, func(all []kept) bool { return statuses(all) == settled })
	if out, err := h.ctl(t, o, "stop", "idle"); err != nil {
		t.Fatal(err, out)
	}
	before := h.instances(t, o)
	lines := follow(t, "ws://"+h.Addr+"/talk?instance=0")
	for range 3 {
		h.upgrade(t)
		if after := h.instances(t, o); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Fatalf("%v, before %v", after, before)
		}
	}
	if err := lines(); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(filepath.Join(o.Dir, "talk-0.log")); err != nil {
		t.Error(err)
	} else if err := inOrder(string(text)); err != nil {
		t.Errorf("the log of talk-0: %v", err)
	}
	process, _ := os.FindProcess(before[1].Pid)
	process.Kill()
	all := h.awaitInstances(t, o, "talk-1 has another process", func(all []kept) bool { return all[1].Status == "online" && all[1].Pid != before[1].Pid })
	if all[1].Restarts != before[1].Restarts+1 {
		t.Errorf("%v, before %v", all[1], before[1])
	}
	write(t, o, "f.toml", strings.Replace(config, `"-every=2ms"`, `"-every=3ms"`, 1))
	h.upgrade(t)
	h.awaitInstances(t, o, "talk is reloaded, and nothing else", func(now []kept) bool {
		return statuses(now) == statuses(all) && now[0].Pid != all[0].Pid && now[1].Pid != all[1].Pid && now[2].Pid == all[2].Pid
	})
	h.end(t, 0)
}

// follow hears a program, and returns the function that ends that and returns what was wrong with it.
func follow(t *testing.T, url string) (end func() error) {
	t.Helper()
	var e ear
	c, err := goclient.Dial(harness.Context(t), url, &goclient.Options{FirstDelay: 5 * time.Millisecond, MostDelay: 100 * time.Millisecond, Queue: 1 << 20,
		Missed: func(m goclient.Missed) { t.Errorf("%s: %v", url, m) }})
	if err != nil {
		t.Fatal(err)
	}
	asked, over := make(chan bool), make(chan error, 1)
	go func() {
		more := -1 // messages to come
		for m, err := range c.Messages(harness.Context(t)) {
			if err == nil {
				err = e.take(m)
			}
			if err != nil {
				over <- err
				return
			}
			select {
			case <-asked:
				asked, more = nil, 100
			default:
			}
			if more--; more == 0 {
				break
			}
		}
		over <- nil
	}()
	return func() error {
		close(asked)
		defer c.Close()
		return <-over
	}
}

// inOrder returns an error if the whole lines, which begin with numbers, do not come one after the
// other.
func inOrder(text string) error {
	last := 0
	for line := range strings.Lines(text[:strings.LastIndex(text, "\n")+1]) { // the last one may be being written
		n := 0
		if fmt.Sscan(line, &n); n != last+1 {
			return fmt.Errorf("%q after line %d", line, last)
		}
		last = n
	}
	return nil
}

// A supervised program that is just being ended, and a task that waits for another program, when a new
// server takes over: the one is stopped there, and not started anew, and the other runs once.
func TestSupervisedEnding(t *testing.T) {
	t.Parallel()
	o := options(t, "--config=f.toml", "--admin=unix:admin.sock")
	write(t, o, "f.toml", `
[program.slow]
command = ["sh", "-c", "echo began >> slow.runs; trap 'until [ -e enough ]; do sleep 0.05; done; exit 0' TERM; echo up; while :; do sleep 0.05; done"]
lifetime = "supervised"
ready.line = "up"
kill_timeout = 300000

[program.db]
command = ["sh", "-c", "until [ -e go ]; do sleep 0.05; done; echo up; exec cat"]
lifetime = "supervised"
ready.line = "up"

[program.task]
command = ["sh", "-c", "echo began >> task.runs"]
lifetime = "supervised"
autorestart = false
after = ["db:ready"]
`)
	h := startWith(t, o)
	const began = "slow online, db starting, task starting"
	h.awaitInstances(t, o, began, func(all []kept) bool { return statuses(all) == began })
	if out, err := h.ctl(t, o, "end", "slow"); err != nil {
		t.Fatal(err, out)
	}
	h.upgrade(t)
	const goesOn = "slow stopped, db starting, task starting"
	h.awaitInstances(t, o, goesOn, func(all []kept) bool { return statuses(all) == goesOn })
	h.upgrade(t)
	write(t, o, "go", "")
	const settled = "slow stopped, db online, task stopped"
	h.awaitInstances(t, o, settled, func(all []kept) bool { return statuses(all) == settled })
	write(t, o, "enough", "")
	for _, name := range []string{"slow.runs", "task.runs"} {
		text, err := os.ReadFile(filepath.Join(o.Dir, name))
		if runs := strings.Count(string(text), "began"); err != nil || runs != 1 {
			t.Errorf("%s: %d runs, %v", name, runs, err)
		}
	}
	h.end(t, 0)
}
