package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"websocketd/libwebsocketd/process"
)

// owner is a user or a group of the system, by name or number.
type owner string

func checkAccount(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return errors.New("is empty; leave it out to take the server's own")
	case hasNUL(text):
		return errors.New("has a NUL in it, which no name can have")
	}
	return nil
}

// inBytes are the limits that are numbers of bytes.
var inBytes = map[string]bool{"as": true, "core": true, "data": true, "fsize": true, "memlock": true, "msgqueue": true, "rss": true, "stack": true}

// parseRlimit parses NAME=SOFT[:HARD].
func parseRlimit(text string) (l process.Limit, err error) {
	name, values, ok := strings.Cut(text, "=")
	if !ok {
		return l, errors.New("must be NAME=SOFT or NAME=SOFT:HARD, such as nofile=1024")
	}
	soft, hard, both := strings.Cut(values, ":")
	if !both {
		hard = soft
	}
	l.Name = name
	if l.Soft, err = parseLimit(name, soft); err == nil {
		l.Hard, err = parseLimit(name, hard)
	}
	return l, err
}

// parseLimit parses one value of a limit.
func parseLimit(name, text string) (uint64, error) {
	if text == "unlimited" {
		return process.Unlimited, nil
	}
	if n, err := strconv.ParseUint(text, 10, 63); err == nil {
		return n, nil
	}
	if !inBytes[name] {
		return 0, fmt.Errorf("has %q, which is neither a number nor unlimited", text)
	}
	n, err := parseSize(text)
	if err != nil {
		return 0, fmt.Errorf("has %q, which is neither a size like 64K nor unlimited", text)
	}
	return uint64(n), nil
}

func checkRlimit(text string) error {
	l, err := parseRlimit(text)
	if err != nil {
		return err
	}
	return l.Check()
}

// parseUmask parses an octal number as umask(1) does.
func parseUmask(text string) (process.Umask, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(text, "0o"), 8, 32)
	if err != nil || n > 0o777 {
		return 0, errors.New("must be an octal number from 0 to 0777, as 027")
	}
	return process.Umask(n), nil
}

func checkUmask(text string) error {
	_, err := parseUmask(text)
	return err
}

// percent is a number of percent, or "" for no limit.
type percent string

// parsePercent parses a number of percent, with its sign.
func parsePercent(text string) (int, error) {
	number, ok := strings.CutSuffix(text, "%")
	n, err := strconv.ParseUint(number, 10, 31)
	if !ok || err != nil || n == 0 || n > 100_000 {
		return 0, errors.New("must be a number of percent from 1% to 100000%, such as 50%")
	}
	return int(n), nil
}

func checkPercent(text string) error {
	_, err := parsePercent(text)
	return err
}

// confinement returns what the flags say that a process may have and do. Their form has been
// checked.
func (w *options) confinement() (c process.Confinement) {
	f := &w.Confine
	for _, text := range f.Rlimit {
		l, _ := parseRlimit(text)
		c.Limits = append(c.Limits, l)
	}
	c.Nice = f.Nice
	if f.Umask != "" {
		umask, _ := parseUmask(f.Umask)
		c.Umask = &umask
	}
	if f.Cgroup || f.Memorymax > 0 || f.Pidsmax > 0 || f.Cpumax != "" {
		cpu, _ := parsePercent(string(f.Cpumax))
		c.Cgroup = &process.Cgroup{Memory: int64(f.Memorymax), Pids: f.Pidsmax, CPU: cpu}
	}
	if f.Sandbox {
		c.Sandbox = &process.Sandbox{Read: f.Sandboxread, Write: f.Sandboxwrite}
	}
	return c
}

// checkConfine refuses what this system or this user cannot do.
func (w *options) checkConfine() *refusal {
	user, group := string(w.Confine.User), string(w.Confine.Group)
	if _, err := process.FindAccount(user, group); err != nil {
		about := []string{"user", "group"}
		if user == "" || strings.HasPrefix(err.Error(), "there is no group") {
			about = []string{"group", "user"}
		}
		return &refusal{status: ExitUsage, about: about, message: err.Error()}
	}
	c := w.confinement()
	if err := c.Check(); err != nil {
		about := []string{"rlimit", "nice", "umask"}
		if c.Cgroup != nil && strings.Contains(err.Error(), "control group") {
			about = []string{"memorymax", "pidsmax", "cpumax", "cgroup"}
		}
		if c.Sandbox != nil && strings.Contains(err.Error(), "sandbox") {
			about = []string{"sandboxread", "sandboxwrite", "sandbox"}
		}
		return &refusal{status: ExitUsage, about: about, message: err.Error()}
	}
	return w.checkSandbox()
}

// checkSandbox refuses paths of a sandbox where there is none. Those of the flags may be for some
// programs of the file alone.
func (w *options) checkSandbox() *refusal {
	for _, name := range []string{"sandboxread", "sandboxwrite"} {
		if w.Confine.Sandbox || !w.givenHere(name) {
			continue
		}
		return &refusal{status: ExitUsage, about: []string{name}, message: "please specify --sandbox when requesting --" + name,
			inFile: name + " is for a sandbox, and there is none: write sandbox = true, or take it out"}
	}
	return nil
}

// givenHere reports whether a flag is given for COMMAND or --dir, or as a key of the program.
func (w *options) givenHere(name string) bool {
	if len(w.layers) > 3 {
		return sets(w.layers[0], name)
	}
	return w.given(name) && (len(w.command) > 0 || w.Program.Dir != "" || w.Beside.Cgidir != "" || len(w.file.programs) == 0)
}
