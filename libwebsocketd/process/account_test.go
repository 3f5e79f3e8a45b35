//go:build unix

package process

import (
	"io"
	"os"
	"os/user"
	"strconv"
	"strings"
	"testing"
)

// TestFindAccount: users and groups are found by name and number, and who may not become them is
// told so.
func TestFindAccount(t *testing.T) {
	if a, err := FindAccount("", ""); a != nil || err != nil {
		t.Errorf("nobody: %+v, %v", a, err)
	}
	own, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{own.Username, own.Uid} {
		if a, err := FindAccount(name, ""); err != nil || a.Name != own.Username || a.Home != own.HomeDir || strconv.Itoa(int(a.UID)) != own.Uid {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	for _, test := range [][3]string{
		{"no-such-user", "", `there is no user "no-such-user" on this system`},
		{"4294967290", "", `there is no user "4294967290" on this system`},
		{"-1", "", `there is no user "-1" on this system`},
		{"", "no-such-group", `there is no group "no-such-group" on this system`},
	} {
		if a, err := FindAccount(test[0], test[1]); err == nil || err.Error() != test[2] {
			t.Errorf("%q: %+v, %v", test, a, err)
		}
	}
	other, err := user.Lookup("nobody")
	if err != nil {
		return // a system without one
	}
	switch a, err := FindAccount("nobody", ""); {
	case mayChangeUser() && (err != nil || strconv.Itoa(int(a.UID)) != other.Uid || strconv.Itoa(int(a.GID)) != other.Gid):
		t.Errorf("nobody: %+v, %v", a, err)
	case !mayChangeUser() && (err == nil || !strings.Contains(err.Error(), "may not start processes as user nobody; start it as root")):
		t.Errorf("nobody: %+v, %v", a, err)
	}
}

// TestRunAs: a process has the user and the groups of its account, and no other. It may open its
// output by name.
func TestRunAs(t *testing.T) {
	if !mayChangeUser() {
		return // that it is refused is seen above
	}
	l, err := NewLauncher(LauncherOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	account := &Account{UID: 54321, GID: 54322, Groups: []uint32{54322, 54323}}
	p, err := l.Start(Spec{Path: "/bin/sh", Args: []string{"sh", "-c", "id -u; id -G > /dev/stdout"}, Account: account, Env: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	said, _ := io.ReadAll(p.Stdout)
	if string(said) != "54321\n54322 54323\n" {
		t.Errorf("it runs as %q", said)
	}
}
