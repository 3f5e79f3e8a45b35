package process

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// grouped returns a Spec of a shell script in a control group of its own.
func grouped(script string, limits Cgroup) Spec {
	spec := sh(script)
	spec.Confinement = &Confinement{Cgroup: &limits}
	return spec
}

// withoutCgroups reports whether this system has no control groups for tests. What is then said, is seen
// in TestCgroupCheck.
func withoutCgroups() bool { return checkCgroup(nil) != nil }

// TestCgroup: a process and all that it starts are in a group, of which nothing is left: neither what
// has left its session, nor the group.
func TestCgroup(t *testing.T) {
	if withoutCgroups() {
		return
	}
	for _, c := range []Confinement{{Cgroup: &Cgroup{}}, {Cgroup: &Cgroup{}, Nice: 19}} {
		l := newLauncher(t, LauncherOptions{Confine: true, Subreaper: true})
		spec := sh("setsid sh -c 'trap \"\" TERM HUP; echo $$; cat /proc/self/cgroup; exec sleep 600' & read line")
		spec.Confinement = &c
		p, err := l.Start(spec)
		if err != nil {
			t.Fatal(err)
		}
		var pid int
		var line string
		fmt.Fscan(p.Stdout, &pid)
		for !strings.HasPrefix(line, "0::") {
			if _, err := fmt.Fscan(p.Stdout, &line); err != nil {
				t.Fatal(err)
			}
		}
		if !strings.HasSuffix(line, "/"+cgroupsOf(os.Getpid())+"/1") || !strings.HasSuffix(p.cgroup.dir, strings.TrimPrefix(line, "0::")) {
			t.Errorf("it is in %s, and its group is %s", line, p.cgroup.dir)
		}
		if err := p.End(KillNow); err != nil {
			t.Error(err)
		}
		if s, ok := statOf(strconv.Itoa(pid)); ok && !s.dead() {
			t.Errorf("what has left the session is still there: %+v", s)
		}
		dir := filepath.Dir(p.cgroup.dir)
		l.Close()
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the group of the server is still there: %v", err)
		}
	}
}

// belowScript is a script that makes groups below the one that it is told, moves into the lowest, and
// leaves its session.
const belowScript = `read -r g; export g; setsid sh -c 'mkdir -p "$g/a/b" "$g/c" && echo $$ >"$g/a/b/cgroup.procs" && echo $$ && exec sleep 600' & read -r never`

// TestCgroupBelow: a process that has made groups below its own leaves none, and nothing in them.
func TestCgroupBelow(t *testing.T) {
	if withoutCgroups() {
		return
	}
	l := newLauncher(t, LauncherOptions{Confine: true, Subreaper: true})
	p, err := l.Start(grouped(belowScript, Cgroup{}))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(p.Stdin, p.cgroup.dir)
	var pid int
	if _, err := fmt.Fscan(p.Stdout, &pid); err != nil {
		t.Fatal(err)
	}
	if err := p.End(KillNow); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(p.cgroup.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its group is still there: %v", err)
	}
}

// TestCgroupOfNothing: a program that cannot be executed leaves no group.
func TestCgroupOfNothing(t *testing.T) {
	if withoutCgroups() {
		return
	}
	l := newLauncher(t, LauncherOptions{Confine: true})
	for _, c := range []Confinement{{Cgroup: &Cgroup{}}, {Cgroup: &Cgroup{}, Nice: 19}} {
		if p, err := l.Start(Spec{Path: "/no/such", Args: []string{"x"}, Confinement: &c}); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v, %v", p, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(l.cgroups.dir, "[0-9]*")); err != nil || len(left) > 0 {
		t.Errorf("left are %q, %v", left, err)
	}
}

// TestCgroupOfKilledServer: when the server is killed, its guardian ends what is in the groups, and
// removes them.
func TestCgroupOfKilledServer(t *testing.T) {
	if withoutCgroups() {
		return
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), cgroupServer+"=1")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	var dir string
	if _, err := fmt.Fscan(out, &pid, &dir); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	eventually(t, "what has left the session has ended", func() bool {
		s, ok := statOf(strconv.Itoa(pid))
		return !ok || s.dead()
	})
	eventually(t, "the groups are removed", func() bool {
		_, err := os.Stat(dir)
		return errors.Is(err, os.ErrNotExist)
	})
}

// killedCgroupServer is a server that is killed: it prints the pid of what has left a session, and the
// directory of its groups.
func killedCgroupServer() {
	l, err := NewLauncher(LauncherOptions{Guard: true, Subreaper: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := l.Start(grouped(belowScript, Cgroup{}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprintln(p.Stdin, p.cgroup.dir)
	var pid int
	fmt.Fscan(p.Stdout, &pid)
	fmt.Println(pid, filepath.Dir(p.cgroup.dir))
	select {}
}

// TestCgroupLimits: what is written for each limit, in a directory like that of a group.
func TestCgroupLimits(t *testing.T) {
	for _, test := range []struct {
		limits      Cgroup
		files       map[string]string
		controllers []string
	}{
		{Cgroup{}, map[string]string{}, nil},
		{Cgroup{Memory: 64 << 20}, map[string]string{"memory.max": "67108864", "memory.oom.group": "1", "memory.swap.max": "0"}, []string{"memory"}},
		{Cgroup{Pids: 7, CPU: 150}, map[string]string{"pids.max": "7", "cpu.max": "150000 100000"}, []string{"cpu", "pids"}},
	} {
		dir := t.TempDir()
		for _, name := range []string{"memory.max", "memory.oom.group", "memory.swap.max", "pids.max", "cpu.max"} {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := (&cgroup{dir: dir, limits: test.limits}).limit(); err != nil {
			t.Error(err)
		}
		for _, entry := range []string{"memory.max", "memory.oom.group", "memory.swap.max", "pids.max", "cpu.max"} {
			if text, _ := os.ReadFile(filepath.Join(dir, entry)); string(text) != test.files[entry] {
				t.Errorf("%+v: %s is %q", test.limits, entry, text)
			}
		}
		if got := test.limits.controllers(); !slices.Equal(got, test.controllers) {
			t.Errorf("%+v needs %q", test.limits, got)
		}
	}
}

// TestCgroupCheck: limits that cannot be had are found before anything starts.
func TestCgroupCheck(t *testing.T) {
	for _, test := range []struct {
		limits Cgroup
		want   string
	}{
		{Cgroup{Memory: -1}, "a limit of a control group is negative; 0 is none"},
		{Cgroup{CPU: mostCPU + 1}, "100001 percent of a processor are more than 100000"},
	} {
		if err := test.limits.check(); err == nil || err.Error() != test.want {
			t.Errorf("%+v: %v", test.limits, err)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "cgroup.controllers"), []byte("cpu io\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := checkControllers(dir, []string{"cpu"}); err != nil {
		t.Error(err)
	}
	if err := checkControllers(dir, []string{"cpu", "pids"}); err == nil || !strings.Contains(err.Error(), `has no controller pids, only "cpu io": a service gets it by Delegate=pids`) {
		t.Error(err)
	}
}

// TestMountedCgroup: where a mount shows a group.
func TestMountedCgroup(t *testing.T) {
	const unified = "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
	const inside = "35 24 0:30 /docker/x /sys/fs/cgroup ro - cgroup2 cgroup rw\n"
	for _, test := range []struct{ mount, path, dir string }{
		{unified, "/", "/sys/fs/cgroup"},
		{unified, "/system.slice/x.service", "/sys/fs/cgroup/system.slice/x.service"},
		{inside, "/docker/x/y", "/sys/fs/cgroup/y"},
		{inside, "/docker/x", "/sys/fs/cgroup"},
		{inside, "/docker/xy", ""},
		{inside, "/", ""},
		{strings.Replace(unified, "cgroup2 ", "tmpfs ", 1), "/", ""},
		{"", "/", ""},
	} {
		if dir, ok := mountedCgroup(test.mount, test.path); dir != test.dir || ok != (dir != "") {
			t.Errorf("%q in %q: %q, %v", test.path, test.mount, dir, ok)
		}
	}
}

// TestMoveServer: a group whose members get limits loses the server and what it has started to a group
// for them, and a process of somebody else is left where it is.
func TestMoveServer(t *testing.T) {
	if withoutCgroups() {
		return
	}
	above, err := delegatedCgroup()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(above, "websocketd-test."+strconv.Itoa(os.Getpid()))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(filepath.Join(dir, serverCgroup)); os.Remove(dir) })
	began, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer began.Close()
	said := func(shell string) string {
		cmd := exec.Command("/bin/sh", "-c", shell)
		cmd.Env = append(os.Environ(), moveOf+"="+dir)
		cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(began.Fd())}
		cmd.Stdin = io.LimitReader(bytes.NewReader(nil), 0)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	test, _ := os.Executable()
	if got := said("exec " + test); got != "<nil> 0 2\n" {
		t.Errorf("alone: %q", got)
	}
	if got := said(test + "; true"); !strings.Contains(got, "is in the control group "+dir+", too") {
		t.Errorf("beside its shell: %q", got)
	}
}

// tellMove moves this process and a child, and prints how many are where.
func tellMove(dir string) {
	child := exec.Command("/bin/sleep", "600")
	if err := child.Start(); err != nil {
		fmt.Println(err)
		return
	}
	defer child.Wait()
	defer child.Process.Kill()
	err := moveServer(dir)
	fmt.Println(err, len(pidsIn(dir)), len(pidsIn(filepath.Join(dir, serverCgroup))))
}
