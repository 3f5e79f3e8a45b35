package process

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// capableServer makes the test binary a server that is not root's and has capabilities, which passes
// them on.
const capableServer = "PROCESS_TEST_CAPABLE_SERVER"

// tellCapabilities prints who a process of another user is, and what it may do.
func tellCapabilities() {
	l, err := NewLauncher(LauncherOptions{Confine: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	spec := sh("id -u; grep ^Cap[IPEA] /proc/self/status | tr -d '\t\n'")
	spec.Account = &Account{UID: 54321, GID: 54322}
	p, err := l.Start(spec)
	if err != nil {
		fmt.Println(err)
		return
	}
	said, _ := io.ReadAll(p.Stdout)
	p.Close()
	fmt.Print(string(said))
}

// TestAnotherUserHasNoCapabilities: a process of another user has not what the server has become that
// user by, also if the server is not root's.
func TestAnotherUserHasNoCapabilities(t *testing.T) {
	if !mayChangeUser() {
		return
	}
	server := exec.Command("/proc/self/exe")
	server.Env = append(os.Environ(), capableServer+"=1")
	server.SysProcAttr = &syscall.SysProcAttr{
		Credential:  &syscall.Credential{Uid: 54320, Gid: 54320},
		AmbientCaps: []uintptr{unix.CAP_SETUID, unix.CAP_SETGID, unix.CAP_KILL},
	}
	told, err := server.CombinedOutput()
	none := strings.Repeat("0", 16)
	if want := "54321\nCapInh:" + none + "CapPrm:" + none + "CapEff:" + none + "CapAmb:" + none; err != nil || string(told) != want {
		t.Errorf("%v: %q", err, told)
	}
}
