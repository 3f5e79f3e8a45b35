package manager

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// command does something with a process, and demands that it is done.
func (o *operator) command(action, process string) {
	o.t.Helper()
	if f := o.ask("command", action, map[string]any{"action": action, "process": process}); f.Type != "command_result" {
		o.t.Fatalf("%s %s: %+v", action, process, f)
	}
}

// rotated returns what is in a log file and in those that it has become, the oldest first. None is
// larger than most.
func rotated(t *testing.T, path string, most int) []byte {
	t.Helper()
	var all []byte
	for n := 0; ; n++ {
		name := path
		if n > 0 {
			name += fmt.Sprint(".", n)
		}
		text, err := os.ReadFile(name)
		if os.IsNotExist(err) && n > 1 {
			return all
		}
		if err != nil || len(text) > most {
			t.Fatalf("%s has %d bytes, %v", name, len(text), err)
		}
		all = append(text, all...)
	}
}

// counted returns how many lines each process has written, by its PID, where they are numbered. What
// is no such line is what else has.
func counted(t *testing.T, log []byte) (lasts map[int]int, other string) {
	t.Helper()
	lasts = map[int]int{}
	for line := range bytes.Lines(log) {
		var number, pid int
		if _, err := fmt.Sscanf(string(line), "%d %d", &number, &pid); err != nil {
			other += string(line)
			continue
		}
		if number != lasts[pid]+1 {
			t.Fatalf("%q comes after line %d of that process", line, lasts[pid])
		}
		lasts[pid] = number
	}
	return lasts, other
}

// TestLogFiles: two instances that write as fast as they can to both streams: each stream has its
// files and both together have some, in which no line is missing, torn or out of order.
func TestLogFiles(t *testing.T) {
	t.Parallel()
	const lines, size = 50_000, 100_000
	dir := t.TempDir()
	s := manage(t, fmt.Sprintf(`[program.api]
		command = ["/bin/sh", "-c", %q]
		lifetime = "supervised"
		instances = 2
		out_file = %q
		error_file = %q
		log_file = %q
		pid_file = %q
		log_size = %d
		log_keep = 1000
	`, fmt.Sprintf("%[1]s count -now -total=%[2]d -batch=100 -pad=30 & %[1]s count -now -total=%[2]d -batch=100 -pad=30 >&2 & wait; echo done; exec cat", harness.Child(t), lines),
		filepath.Join(dir, "out.log"), filepath.Join(dir, "err.log"), filepath.Join(dir, "all"), filepath.Join(dir, "pid"), size))
	o := s.connect(t)
	for n := range 2 {
		out := filepath.Join(dir, fmt.Sprintf("out-%d.log", n))
		harness.Until(t, out+" has the last line", func() bool {
			text, _ := os.ReadFile(out)
			return bytes.HasSuffix(text, []byte("\ndone\n"))
		})
		pid := fmt.Sprintln(s.info(t, fmt.Sprint("api-", n)).Data.Pid)
		if text, err := os.ReadFile(filepath.Join(dir, fmt.Sprint("pid-", n))); string(text) != pid {
			t.Errorf("the PID file has %q, not %q: %v", text, pid, err)
		}
	}
	o.command("stop", "api") // then all of it is written
	for n := range 2 {
		for name, want := range map[string]struct {
			of    int
			other string
		}{"out-%d.log": {1, "done\n"}, "err-%d.log": {1, ""}, "all-%d": {2, "done\n"}} {
			name = filepath.Join(dir, fmt.Sprintf(name, n))
			lasts, other := counted(t, rotated(t, name, size))
			for pid, last := range lasts {
				if last != lines {
					t.Errorf("%s: %d lines of process %d", name, last, pid)
				}
			}
			if len(lasts) != want.of || other != want.other {
				t.Errorf("%s: %v and %q", name, lasts, other)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, fmt.Sprint("pid-", n))); err == nil {
			t.Error("a PID file is left")
		}
	}
}

// TestLogFilesOfReload: the processes of reloads write to the same file at the same time, which
// rotates all the while: every line of each is there.
func TestLogFilesOfReload(t *testing.T) {
	t.Parallel()
	const reloads, size = 3, 70_000 // more than is read at once: that stays in one file
	path := filepath.Join(t.TempDir(), "out")
	s := manage(t, counting(t, "", fmt.Sprintf("out_file = %q\nlog_size = %d\nlog_keep = 1000", path, size)))
	s.awaitOnline(t, "count")
	o := s.connect(t)
	rotates := func(n int) {
		t.Helper()
		oldest := fmt.Sprint(path, ".", n)
		harness.Until(t, oldest+" is there", func() bool { _, err := os.Stat(oldest); return err == nil })
	}
	for n := range reloads {
		rotates(3 * (n + 1))
		o.command("reload", "count")
	}
	rotates(3 * (reloads + 2))
	o.command("stop", "count")
	lasts, other := counted(t, rotated(t, path, size))
	if len(lasts) != reloads+1 || other != "" {
		t.Errorf("%v and %q", lasts, other)
	}
}

// TestLogFileRefused: a file that cannot be opened keeps the program from being started, with its path
// and why; one that cannot be written to later does not, and that is logged once.
func TestLogFileRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none", "out.log")
	s := manage(t, fmt.Sprintf(`[program.refused]
		command = ["cat"]
		lifetime = "supervised"
		autorestart = false
		log_file = %q
		[program.full]
		command = ["/bin/sh", "-c", "for n in 1 2 3; do echo $n; read line; done"]
		lifetime = "supervised"
		log_file = "/dev/full"
	`, path))
	why := "the log file cannot be opened: open " + path + ": no such file or directory"
	s.Out.Await(t, why)
	harness.Until(t, "it is stopped", func() bool { return s.info(t, "refused").Data.Status == "stopped" })
	if at := s.info(t, "refused").Data; at.Why != why || at.Pid != 0 {
		t.Errorf("%+v", at)
	}
	o := s.connect(t)
	o.ask("command", "start", map[string]any{"action": "start", "process": "refused"}).isError(t, "OPERATION_FAILED", why)
	viewer := s.ConnectTo(t, "/full")
	for n := range 3 {
		viewer.Expect(t, fmt.Sprint(n+1))
		if n == 2 {
			break // another process would log its own failure
		}
		if err := viewer.Text("next"); err != nil {
			t.Fatal(err)
		}
	}
	s.Out.Await(t, "the log file /dev/full is not complete: write /dev/full: no space left on device")
	if said := strings.Count(s.Out.String(), "/dev/full is not complete"); said != 1 {
		t.Errorf("it was logged %d times", said)
	}
}
