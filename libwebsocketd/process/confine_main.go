//go:build unix

package process

import (
	"encoding/json"
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
)

// ConfineMain makes a process that a Launcher has started confine itself and become the program. In
// any other process it returns at once; in such a one it never returns. A command that uses Confine
// calls it first thing in main. enter restricts the process to a Sandbox in which it may execute a
// program, as sandbox.Enter does; nil for a command that has none.
func ConfineMain(enter func(s Sandbox, program string) error) {
	if os.Args[0] != confineName || len(os.Args) < 4 {
		return
	}
	debug.SetGCPercent(-1)
	runtime.LockOSThread() // nice and no_new_privs are those of the thread that becomes the program
	syscall.CloseOnExec(confineDescriptor)
	report := os.NewFile(confineDescriptor, "report")
	path, args := os.Args[2], os.Args[3:]
	var orders confineOrders
	err := json.Unmarshal([]byte(os.Args[1]), &orders)
	failure := failureOf("read its orders", err)
	if err == nil {
		failure = orders.become(path, args, enter)
	}
	text, _ := json.Marshal(failure) // text and a number cannot fail
	report.Write(text)
	report.Close()
	os.Exit(127)
}

// become confines this process, and executes the program. It returns only if that fails.
func (o *confineOrders) become(path string, args []string, enter func(Sandbox, string) error) confineFailure {
	mayKeep := o.Sandbox == nil && !o.Account.isAnother()
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"set its umask", o.setUmask},
		{"set its nice value", o.setNice},
		{"enter its sandbox", func() error { return o.enterSandbox(path, enter) }},
		{"set its limits", o.setLimits},
		{"become its user", o.becomeUser},
		{"give up its capabilities", func() error { return dropCapabilities(mayKeep) }},
	} {
		if err := step.do(); err != nil {
			return failureOf(step.name, err)
		}
	}
	return failureOf("", syscall.Exec(path, args, os.Environ()))
}

func (o *confineOrders) enterSandbox(path string, enter func(Sandbox, string) error) error {
	switch {
	case o.Sandbox == nil:
		return nil
	case enter == nil:
		return errors.New("this command has no sandboxes")
	}
	return enter(*o.Sandbox, path)
}

func (o *confineOrders) setUmask() error {
	if o.Umask != nil {
		syscall.Umask(int(*o.Umask))
	}
	return nil
}

func (o *confineOrders) setNice() error {
	if o.Nice == 0 {
		return nil
	}
	return syscall.Setpriority(syscall.PRIO_PROCESS, 0, o.Nice)
}

// setLimits sets the limits. They apply to what is left to do here, too: what takes memory comes
// before.
func (o *confineOrders) setLimits() error {
	for _, l := range o.Limits {
		if err := setLimit(limitNumbers[l.Name], l.Soft, l.Hard); err != nil {
			return err
		}
	}
	return nil
}

// becomeUser becomes the user of the account with its groups. The system forgets then that the
// process is to die with the server.
func (o *confineOrders) becomeUser() error {
	a := o.Account
	if !a.isAnother() {
		return nil
	}
	groups := make([]int, len(a.Groups))
	for i, group := range a.Groups {
		groups[i] = int(group)
	}
	if err := syscall.Setgroups(groups); err != nil {
		return err
	}
	if err := syscall.Setgid(int(a.GID)); err != nil {
		return err
	}
	if err := syscall.Setuid(int(a.UID)); err != nil {
		return err
	}
	return dieWithParent()
}
