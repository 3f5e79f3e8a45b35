package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// nobody is a user who may nothing, if it is root who runs the tests.
const nobody = 65534

// runAsUser is run in a directory as a user who is not root.
func runAsUser(t *testing.T, dir string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	return output(t, func(cmd *exec.Cmd) {
		cmd.Dir = dir
		if os.Geteuid() == 0 {
			cmd.Path = reachable(t, cmd.Path)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
	}, nil, args...)
}

// reachable returns a copy of a program where every user gets at it. Another process makes
// it: a file that this one writes may be open in what another test has just started, and
// cannot be executed then (ETXTBSY).
func reachable(t *testing.T, program string) string {
	t.Helper()
	to := filepath.Join(openDir(t), "websocketd")
	if out, err := exec.Command("cp", program, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Chmod(to, 0o755); err != nil {
		t.Fatal(err)
	}
	return to
}

// openDir is t.TempDir, open to every user.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A directory that this user may not look into, or not list, is refused at the start, and
// the words are the same in a file.
func TestClosedDirectories(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	for name, mode := range map[string]os.FileMode{"closed": 0, "unlisted": 0o311} {
		harness.WriteFile(t, filepath.Join(dir, name, "x"), "#!/bin/sh\ncat\n", 0o755)
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(filepath.Join(dir, name), 0o755) }) // so that it can be removed
	}
	const look, list = "this user may not look into it; chmod +rx makes it so", "this user may not list it; chmod +r makes it so"
	const command = "closed/x is in a directory that this user may not look into; chmod +x makes it so"
	for _, test := range []struct{ arg, inFile, says string }{
		{"--dir=closed", `dir = "closed"`, "could not find your script dir 'closed': " + look},
		{"--cgidir=closed", `cgidir = "closed"`, "your CGI dir 'closed' is not pointing to an accessible directory: " + look},
		{"--staticdir=closed", `staticdir = "closed"`, "your static dir 'closed' is not pointing to an accessible directory: " + look},
		{"--staticdir=unlisted", `staticdir = "unlisted"`, "your static dir 'unlisted' is not pointing to an accessible directory: " + list},
		{"closed/x", `command = ["closed/x"]`, command},
	} {
		t.Run(test.arg, func(t *testing.T) {
			_, stderr, status := runAsUser(t, dir, test.arg)
			if status != 1 || stderr != test.says+"\n"+helpLine+"\n" {
				t.Errorf("status %d, %q, expected %q", status, stderr, test.says)
			}
			text, line := test.inFile+"\n", 1
			if strings.HasPrefix(text, "command") {
				text, line = "[program.a]\n"+text, 2
			}
			harness.WriteFile(t, filepath.Join(dir, "f.toml"), text, 0o644)
			_, stderr, status = runAsUser(t, dir, "--config=f.toml")
			_, why, _ := strings.Cut(test.says, ": ")
			if why == "" {
				why = test.says
			}
			if want := fmt.Sprintf("f.toml:%d: %s: %s\n", line, test.inFile, why); status != 2 || stderr != want {
				t.Errorf("in a file: status %d, %q, expected %q", status, stderr, want)
			}
		})
	}
}

// A port that only root may listen on is refused with one that any user may.
func TestPortsOfRoot(t *testing.T) {
	t.Parallel()
	const file = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
	text, err := os.ReadFile(file)
	if first, convErr := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && (convErr != nil || first <= 81) {
		harness.Skip(t, "ports-of-root", file+" gives every port to every user")
	}
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"--port=80"}, "ports below 1024 are for root: --port=8080"},
		{[]string{"--port=" + strconv.Itoa(harness.FreePort(t)), "--redirport=81"}, "ports below 1024 are for root: --redirport=8081"},
	} {
		out, _, status := runAsUser(t, openDir(t), append(test.args, "--address=127.0.0.1", "cat")...)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if last := lines[len(lines)-1]; status != 3 || !strings.Contains(last, "| FATAL  | server     |  | Can't start server: ") ||
			!strings.HasSuffix(last, "bind: permission denied; "+test.says) {
			t.Errorf("%q: status %d, the log ends %q", test.args, status, last)
		}
	}
}
