//go:build unix

package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// canConfine says that ConfineMain does something here.
const canConfine = true

// errNoConfine is the error of a Spec that asks a Launcher without Confine for it.
var errNoConfine = errors.New("this program cannot confine processes: it has made its Launcher without Confine")

// confineName is argv[0] of a process that confines itself before it becomes a program.
const confineName = "wsconfine"

// confineDescriptor is the descriptor at which such a process reports why it could not become the
// program. It is closed when it has.
const confineDescriptor = 3

// confineOrders are passed to such a process, in front of the path and the arguments of the program.
type confineOrders struct {
	Confinement
	Account *Account // nil: it stays the server's user
}

// confineFailure is what it reports.
type confineFailure struct {
	Text  string        // what failed; "": to execute the program
	Errno syscall.Errno // 0: none
}

// confined is the start of a confined process.
type confined struct {
	cgroup         *cgroup  // nil without one
	orders         string   // "": the system does all, and the program is started at once
	report, closes *os.File // our end of the pipe and the child's
}

// newConfined prepares the start of a confined process; nil for one that is not.
func (l *Launcher) newConfined(spec *Spec) (*confined, error) {
	keeps := keepsCapabilities(spec.Account)
	if spec.Confinement.IsZero() && !keeps {
		return nil, nil
	}
	c, confinement := &confined{}, Confinement{}
	if spec.Confinement != nil {
		confinement = *spec.Confinement
	}
	if keeps || confinement.byItself() {
		if !l.o.Confine {
			return nil, errNoConfine
		}
		orders, err := json.Marshal(confineOrders{confinement, spec.Account})
		if err != nil {
			return nil, err
		}
		if c.report, c.closes, err = os.Pipe(); err != nil {
			return nil, err
		}
		c.orders = string(orders)
	}
	if group := confinement.Cgroup; group != nil {
		var err error
		if c.cgroup, err = l.cgroups.make(group); err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

// through makes attr start this executable, which confines itself and then becomes the program.
// It stays the server's user until then: limits and values that only root may set come first.
func (c *confined) through(path string, args []string, attr *os.ProcAttr) (string, []string, error) {
	c.cgroup.enter(attr.Sys)
	if c.orders == "" {
		return path, args, c.cgroup.limit()
	}
	own, err := guardianPath()
	if err != nil {
		return "", nil, err
	}
	attr.Sys.Credential = nil
	attr.Files = append(attr.Files, c.closes)
	return own, append([]string{confineName, c.orders, path}, args...), nil
}

// await returns when the process is the program, or the error that has kept it from that.
func (c *confined) await(path string) error {
	if c.orders == "" {
		return nil
	}
	c.closes.Close()
	data, _ := io.ReadAll(c.report)
	if len(data) == 0 {
		return c.cgroup.limit() // which the program must keep, but not what was there before it
	}
	var f confineFailure
	if err := json.Unmarshal(data, &f); err != nil {
		return fmt.Errorf("confine %s: %q", path, data)
	}
	switch {
	case f.Text == "":
		return &os.PathError{Op: "exec", Path: path, Err: f.Errno}
	case f.Errno == 0:
		return errors.New("confine it: " + f.Text)
	}
	return fmt.Errorf("confine it: %s: %w", f.Text, f.Errno)
}

// close closes the pipe, and what the group was entered by.
func (c *confined) close() {
	closeAll([]*os.File{c.report, c.closes})
	c.cgroup.entered()
}

// group returns the control group of the process; nil is none.
func (c *confined) group() *cgroup {
	if c == nil {
		return nil
	}
	return c.cgroup
}

// checkRaise returns an error if the hard limit is above that of this process, which may not
// raise it.
func (l Limit) checkRaise() error {
	var own syscall.Rlimit
	if syscall.Getrlimit(limitNumbers[l.Name], &own) != nil || l.Hard <= limitValue(own.Max) || mayRaiseLimits() {
		return nil
	}
	return fmt.Errorf("the server may not raise the limit %s above %s; take less, or start it with more (ulimit -H)", l.Name, limitText(limitValue(own.Max)))
}

// checkNice returns an error if this process may not have a nice value; 0 is that which it has.
func checkNice(nice int) error {
	if own := ownNice(); nice != 0 && nice < own && !mayRaisePriority() {
		return fmt.Errorf("the server may not give a nice value of %d, only one from %d; start it as root", nice, own)
	}
	return nil
}

// limitNumbers are the limits of this system by their names.
var limitNumbers = limitsOfSystem()

// failureOf returns what is reported of an error; what is empty for that of executing the program.
func failureOf(what string, err error) confineFailure {
	f := confineFailure{Text: what}
	if !errors.As(err, &f.Errno) {
		if err != nil {
			f.Text += ": " + err.Error()
		}
	} else if about, ok := strings.CutSuffix(err.Error(), ": "+f.Errno.Error()); ok && what != "" {
		f.Text += ": " + about
	}
	return f
}
