//go:build unix

package process

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"syscall"
)

// FindAccount returns the account of a user and a group, by name or number. "" is the user's
// group, or the server's own user; nil is for neither. It fails where the system does not know
// them, and where this process may not start others as them.
func FindAccount(name, group string) (*Account, error) {
	if name == "" && group == "" {
		return nil, nil
	}
	a, err := accountOf(name)
	if err == nil && group != "" {
		a.GID, err = groupOf(group)
	}
	if err != nil {
		return nil, err
	}
	if !slices.Contains(a.Groups, a.GID) {
		a.Groups = append(a.Groups, a.GID)
	}
	if a.isAnother() && !mayChangeUser() {
		return nil, fmt.Errorf("the server runs as user %d, and may not start processes as %s; start it as root%s, or leave user and group out", os.Geteuid(), title(name, group), orCapabilities)
	}
	return a, nil
}

// isAnother reports whether a process of this one has to become the account's. That of nil is not.
func (a *Account) isAnother() bool {
	return a != nil && (int(a.UID) != os.Geteuid() || int(a.GID) != os.Getegid())
}

// title returns what a message calls a user and a group.
func title(name, group string) string {
	switch {
	case name == "":
		return "group " + group
	case group == "":
		return "user " + name
	}
	return "user " + name + " and group " + group
}

// accountOf returns a user with all of its groups. "" is the server's own.
func accountOf(name string) (*Account, error) {
	if name == "" {
		groups, err := os.Getgroups()
		own := &Account{UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
		for _, g := range groups {
			own.Groups = append(own.Groups, uint32(g))
		}
		return own, err
	}
	found, err := user.Lookup(name)
	if unknown := user.UnknownUserError(""); errors.As(err, &unknown) {
		found, err = user.LookupId(name)
	}
	if err != nil {
		return nil, fmt.Errorf("there is no user %q on this system", name)
	}
	a := &Account{Name: found.Username, Home: found.HomeDir}
	if a.UID, err = number(found.Uid); err == nil {
		a.GID, err = number(found.Gid)
	}
	if err != nil {
		return nil, fmt.Errorf("user %q: %w", name, err)
	}
	ids, err := found.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("the groups of user %q are not known: %w", name, err)
	}
	for _, id := range ids {
		if n, err := number(id); err == nil {
			a.Groups = append(a.Groups, n)
		}
	}
	return a, nil
}

// groupOf returns the number of a group.
func groupOf(name string) (uint32, error) {
	found, err := user.LookupGroup(name)
	if unknown := user.UnknownGroupError(""); errors.As(err, &unknown) {
		found, err = user.LookupGroupId(name)
	}
	if err != nil {
		return 0, fmt.Errorf("there is no group %q on this system", name)
	}
	return number(found.Gid)
}

func number(text string) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), err
}

// runAs makes a process to be started run as an account; nil is the server's user.
func runAs(attr *syscall.SysProcAttr, a *Account) *syscall.SysProcAttr {
	if a.isAnother() {
		attr.Credential = &syscall.Credential{Uid: a.UID, Gid: a.GID, Groups: a.Groups}
	}
	return attr
}
