package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"websocketd/libwebsocketd/process"
)

// inSandbox makes the test binary enter a sandbox and try what the variables say.
const inSandbox = "SANDBOX_TEST"

func TestMain(m *testing.M) {
	if os.Getenv(inSandbox) != "" {
		tryAll()
		return
	}
	goleak.VerifyTestMain(m)
}

// tryAll enters a sandbox, and prints for each argument what becomes of it.
func tryAll() {
	err := Enter(process.Sandbox{Read: list("READ"), Write: list("WRITE")}, "/bin/sh")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, arg := range os.Args[1:] {
		what, path, _ := strings.Cut(arg, " ")
		fmt.Println(arg+":", verdict(try(what, path)))
	}
}

func list(name string) []string { return strings.Fields(os.Getenv(name)) }

func try(what, path string) error {
	switch what {
	case "read":
		_, err := os.ReadFile(path)
		return err
	case "list":
		_, err := os.ReadDir(path)
		return err
	case "write":
		return os.WriteFile(path, []byte("x"), 0o600)
	case "truncate":
		return os.Truncate(path, 0)
	case "remove":
		return os.Remove(path)
	case "rename":
		return os.Rename(path, path+".new")
	case "run":
		return exec.Command(path, "-c", "exit 0").Run()
	case "signal":
		return syscall.Kill(os.Getppid(), 0)
	}
	return errors.New("not known")
}

func verdict(err error) string {
	switch {
	case err == nil:
		return "yes"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EPERM):
		return "no"
	}
	return err.Error()
}

// TestEnter: what a sandbox lets a process do, and what not.
func TestEnter(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"in/file", "in/deep/file", "out/file", "work/file", "one", "two"} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"in/link": "../out/file", "way": "in"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"read in/file: yes", "read in/deep/file: yes", "list in: yes", "write in/file: no", "write in/new: no", "truncate in/file: no", "remove in/file: no",
		"read one: yes", "write one: no", "read two: no", "read out/file: no", "truncate out/file: no", "list out: no", "list .: no", "remove out/file: no",
		"read in/link: no", "read way/file: yes", "rename out/file: no",
		"read work/file: yes", "write work/file: yes", "write work/new: yes", "truncate work/new: yes", "rename work/new: yes", "remove work/new.new: yes",
		"run /bin/sh: yes", "read /etc/passwd: yes", "list /etc: no", "write /dev/null: yes", "write /tmp/sandbox-test: no", "list /root: no",
		"signal parent: no", "read /proc/self/environ: yes",
	}
	args := make([]string, len(want))
	for i, w := range want {
		args[i], _, _ = strings.Cut(w, ":")
	}
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Dir = dir
	cmd.Env = []string{inSandbox + "=1", "PATH=/usr/bin:/bin", "READ=" + dir + "/in " + dir + "/one", "WRITE=" + dir + "/work"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := strings.Split(strings.TrimSpace(string(out)), "\n"); !slices.Equal(got, want) {
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Errorf("%q, expected %q", got[i], want[i])
			}
		}
	}
}

// TestEnterNothing: a path that is not there is an error, and not a wider sandbox.
func TestEnterNothing(t *testing.T) {
	cmd := exec.Command("/proc/self/exe", "read /etc/passwd")
	cmd.Env = []string{inSandbox + "=1", "READ=/no/such/path"}
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "/no/such/path") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestEnterAfterAnother: what a process has put into a directory that it may write does not open more
// to the next one, whether it is in place of a file, of a directory or of one of the links to it.
func TestEnterAfterAnother(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"box", "box/kept", "out", "in"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"out/file", "in/file", "box/kept/file", "secret"} {
		file(name)
	}
	for link, to := range map[string]string{"box/script": "../secret", "box/data": "../out", "box/way": dir + "/out", "to": "box/way/../out", "fine": "in"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	read := []string{"box/script", "box/data", "to", "fine", "box/kept", "box/gone"}
	for i := range read {
		read[i] = dir + "/" + read[i]
	}
	cmd := exec.Command("/proc/self/exe", "read secret", "read box/script", "read out/file", "write out/file", "read to/file", "read in/file", "write in/file", "read box/kept/file", "write box/kept/new")
	cmd.Dir = dir
	cmd.Env = []string{inSandbox + "=1", "PATH=/usr/bin:/bin", "READ=" + strings.Join(read, " "), "WRITE=" + dir + "/box " + dir + "/box/data"}
	out, err := cmd.CombinedOutput()
	const want = "read secret: no\nread box/script: no\nread out/file: no\nwrite out/file: no\nread to/file: no\nread in/file: yes\nwrite in/file: no\nread box/kept/file: yes\nwrite box/kept/new: yes\n"
	if err != nil || string(out) != want {
		t.Errorf("%v: %s", err, out)
	}
}
