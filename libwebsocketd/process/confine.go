package process

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Confinement is what a process may not have or do. Everything it starts inherits it. The zero
// value leaves a process as it is. It needs Unix, and a Launcher with Confine; what else it needs
// is with the fields, and Check reports it.
type Confinement struct {
	Limits []Limit // setrlimit(2)
	Nice   int     // -20 to 19; 0 is the server's; less than that takes CAP_SYS_NICE
	Umask  *Umask  // nil is the server's

	Cgroup  *Cgroup  // nil is the server's
	Sandbox *Sandbox // nil is none
}

// Umask are the permissions that files of a process do not get, at most 0777.
type Umask uint32

// Unlimited is the value of a Limit that is none.
const Unlimited = ^uint64(0)

// Limit is one limit of setrlimit(2) by its name, such as nofile. The process may raise Soft up
// to Hard.
type Limit struct {
	Name       string
	Soft, Hard uint64
}

// LimitNames returns the names that a Limit may have on this system, sorted.
func LimitNames() []string {
	names := make([]string, 0, len(limitNumbers))
	for name := range limitNumbers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// IsZero reports whether c leaves a process as it is.
func (c *Confinement) IsZero() bool {
	return c == nil || c.Cgroup == nil && !c.byItself()
}

// byItself reports whether a process has to do something of c by itself, before it becomes the program.
func (c *Confinement) byItself() bool {
	return len(c.Limits) > 0 || c.Nice != 0 || c.Umask != nil || c.Sandbox != nil
}

// Clone returns a copy that shares nothing with c.
func (c Confinement) Clone() Confinement {
	c.Limits = slices.Clone(c.Limits)
	if c.Umask != nil {
		umask := *c.Umask
		c.Umask = &umask
	}
	if c.Cgroup != nil {
		cgroup := *c.Cgroup
		c.Cgroup = &cgroup
	}
	c.Sandbox = c.Sandbox.Clone()
	return c
}

// Check returns an error if c cannot be had: if it contradicts itself, or if this system or this
// user may not do it.
func (c *Confinement) Check() error {
	if c.IsZero() {
		return nil
	}
	if !canConfine {
		return errors.New("this system cannot confine processes")
	}
	for i, l := range c.Limits {
		if slices.ContainsFunc(c.Limits[:i], func(other Limit) bool { return other.Name == l.Name }) {
			return fmt.Errorf("the limit %s is there twice; give it once", l.Name)
		}
		if err := l.Check(); err != nil {
			return err
		}
	}
	switch {
	case c.Nice < -20 || c.Nice > 19:
		return fmt.Errorf("the nice value %d is not from -20 to 19", c.Nice)
	case c.Umask != nil && *c.Umask > 0o777:
		return fmt.Errorf("the umask %#o is more than 0777", *c.Umask)
	}
	if err := checkNice(c.Nice); err != nil {
		return err
	}
	if err := c.Cgroup.check(); err != nil {
		return err
	}
	return c.Sandbox.check()
}

// Check returns an error if a process cannot have the limit.
func (l Limit) Check() error {
	_, known := limitNumbers[l.Name]
	switch {
	case !known:
		return fmt.Errorf("this system has no limit %q; it has %s", l.Name, strings.Join(LimitNames(), ", "))
	case l.Soft > l.Hard:
		return fmt.Errorf("the limit %s is %s, more than its hard limit, %s", l.Name, limitText(l.Soft), limitText(l.Hard))
	}
	return l.checkRaise()
}

// limitText returns the value of a limit in words.
func limitText(n uint64) string {
	if n == Unlimited {
		return "unlimited"
	}
	return fmt.Sprint(n)
}

// awaitConfined returns when the process is the program. One that could not become it is ended.
func (s *start) awaitConfined() {
	defer s.confined.close()
	if s.err != nil {
		s.confined.group().end()
		return
	}
	if s.err = s.confined.await(s.spec.Path); s.err != nil {
		s.proc.End(KillNow)
	}
}
