//go:build linux

package process

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// run starts a confined shell script and returns what it writes.
func runConfined(t *testing.T, c Confinement, account *Account, script string) string {
	t.Helper()
	spec := sh(script)
	spec.Confinement, spec.Account = &c, account
	p := begin(t, newLauncher(t, LauncherOptions{Confine: true, Subreaper: true}), spec)
	said, _ := io.ReadAll(p.Stdout)
	return strings.TrimSpace(string(said))
}

// TestConfined: limits, nice value and umask are those of the program and of all that it starts,
// and of no other.
func TestConfined(t *testing.T) {
	umask := Umask(0o027)
	for _, test := range []struct {
		c            Confinement
		script, says string
	}{
		{Confinement{Limits: []Limit{{"nofile", 33, 44}}}, "ulimit -n; ulimit -Hn; sh -c 'ulimit -n'", "33\n44\n33"},
		{Confinement{Limits: []Limit{{"core", 0, 0}, {"cpu", 7, Unlimited}}}, "ulimit -c; ulimit -t; ulimit -Ht", "0\n7\nunlimited"},
		{Confinement{Limits: []Limit{{"as", 200 << 20, 200 << 20}}}, "ulimit -v", "204800"},
		{Confinement{Nice: 19}, "nice", "19"},
		{Confinement{Umask: &umask}, "umask", "0027"},
		{Confinement{Umask: new(Umask)}, "umask", "0000"},
	} {
		if said := runConfined(t, test.c, nil, test.script); said != test.says {
			t.Errorf("%+v: %q, expected %q", test.c, said, test.says)
		}
	}
	var own syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &own); own.Cur == 33 {
		t.Error("this process has the limit, too")
	}
}

// TestConfinedIsTheProgram: nothing of what confines a program is left in it: neither its name, nor
// an argument, a variable or a descriptor, nor another session.
func TestConfinedIsTheProgram(t *testing.T) {
	spec := sh(`test $$ = $(cut -d' ' -f6 /proc/$$/stat) || echo not its own session; echo "$0" "$@"
		tr '\0' ' ' < /proc/$$/cmdline; echo; env; ls /proc/$$/fd; cat /proc/$$/comm`)
	spec.Args = append(spec.Args, "name", "a  b", "")
	l, says := newLauncher(t, LauncherOptions{Confine: true, Subreaper: true}), [2]string{}
	for i, c := range []*Confinement{nil, {Nice: 19}} {
		spec.Confinement = c
		said, _ := io.ReadAll(begin(t, l, spec).Stdout)
		says[i] = string(said)
	}
	if says[0] != says[1] || !strings.HasPrefix(says[0], "name a  b \n/bin/sh") {
		t.Errorf("confined:\n%s\nnot confined:\n%s", says[1], says[0])
	}
}

// TestConfinedUser: a confined process becomes another user after what takes the rights of the
// server, and still dies with it.
func TestConfinedUser(t *testing.T) {
	if !mayChangeUser() {
		return
	}
	account := &Account{UID: 54321, GID: 54322, Groups: []uint32{54322, 54323}}
	said := runConfined(t, Confinement{Nice: -3}, account, "id -u; id -G; nice")
	if said != "54321\n54322 54323\n-3" {
		t.Errorf("%q", said)
	}
	spec := Spec{Path: "/proc/self/exe", Args: []string{"test"}, Env: []string{deathSignal + "=1"}, Account: account, Confinement: &Confinement{Nice: 1}}
	told, _ := io.ReadAll(begin(t, newLauncher(t, LauncherOptions{Confine: true, Subreaper: true}), spec).Stdout)
	if string(told) != "9" {
		t.Errorf("when the server dies, it gets the signal %q", told)
	}
}

// TestConfinedFails: a program that cannot be executed is told as without a confinement, and
// nothing is left.
func TestConfinedFails(t *testing.T) {
	l := newLauncher(t, LauncherOptions{Confine: true})
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, []byte("#!/no/such/interpreter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{"/no/such/program": fs.ErrNotExist, plain: fs.ErrPermission, "/": fs.ErrPermission} {
		p, err := l.Start(Spec{Path: path, Args: []string{path}, Confinement: &Confinement{Nice: 19}})
		if !errors.Is(err, want) || p != nil {
			t.Errorf("%s: %v, %v", path, p, err)
		}
	}
	spec := sh("echo")
	spec.Confinement = &Confinement{Limits: []Limit{{"nofile", 9, 8}}}
	if _, err := l.Start(spec); !errors.Is(err, syscall.EINVAL) || !strings.Contains(err.Error(), "confine it: set its limits") {
		t.Errorf("a limit above its hard one: %v", err)
	}
	if len(l.procs) != 0 {
		t.Errorf("%d processes are left", len(l.procs))
	}
	if _, err := newLauncher(t, LauncherOptions{}).Start(spec); !errors.Is(err, errNoConfine) {
		t.Errorf("by a program that is not made for it: %v", err)
	}
}

// TestConfinementCheck: what cannot be had is found before anything starts.
func TestConfinementCheck(t *testing.T) {
	umask := Umask(0o1000)
	for _, test := range []struct {
		c    Confinement
		want string
	}{
		{Confinement{}, ""},
		{Confinement{Limits: []Limit{{"nofile", 9, 9}, {"core", 0, Unlimited}}, Nice: 19}, ""},
		{Confinement{Limits: []Limit{{"files", 9, 9}}}, `this system has no limit "files"; it has as, core, cpu`},
		{Confinement{Limits: []Limit{{"rttime", 9, 9}}}, `this system has no limit "rttime"`},
		{Confinement{Limits: []Limit{{"nofile", Unlimited, 9}}}, "the limit nofile is unlimited, more than its hard limit, 9"},
		{Confinement{Limits: []Limit{{"core", 9, 9}, {"core", 9, 9}}}, "the limit core is there twice; give it once"},
		{Confinement{Nice: 20}, "the nice value 20 is not from -20 to 19"},
		{Confinement{Umask: &umask}, "the umask 01000 is more than 0777"},
	} {
		if err := test.c.Check(); err == nil && test.want != "" || err != nil && (test.want == "" || !strings.HasPrefix(err.Error(), test.want)) {
			t.Errorf("%+v: %v, expected %q", test.c, err, test.want)
		}
	}
	err := Limit{"nofile", 9, 1 << 62}.Check()
	if mayRaiseLimits() != (err == nil) {
		t.Errorf("a limit above that of this process: %v", err)
	}
	if err := checkNice(-20); mayRaisePriority() != (err == nil) {
		t.Errorf("a nice value of -20: %v", err)
	}
}

// TestFailureOf: what a process that confines itself reports names what the system's error is about, and
// leaves that to the number.
func TestFailureOf(t *testing.T) {
	missing := &fs.PathError{Op: "stat", Path: "/gone", Err: syscall.ENOENT}
	for _, test := range []struct {
		what string
		err  error
		want confineFailure
	}{
		{"enter its sandbox", missing, confineFailure{"enter its sandbox: stat /gone", syscall.ENOENT}},
		{"set its limits", syscall.EINVAL, confineFailure{"set its limits", syscall.EINVAL}},
		{"read its orders", errors.New("no JSON"), confineFailure{"read its orders: no JSON", 0}},
		{"", syscall.EACCES, confineFailure{"", syscall.EACCES}},
	} {
		if got := failureOf(test.what, test.err); got != test.want {
			t.Errorf("%s, %v: %+v", test.what, test.err, got)
		}
	}
}
