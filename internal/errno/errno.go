// Package errno compares errors of the system with the names that Unix has for them. On
// Windows package syscall has those names, too, but the system returns other numbers.
package errno

import (
	"errors"
	"slices"
	"syscall"
)

// Is reports whether err is, or wraps, number or what this system has in its place.
func Is(err error, number syscall.Errno) bool { return is(err, number, places) }

func is(err error, number syscall.Errno, places map[syscall.Errno][]syscall.Errno) bool {
	return errors.Is(err, number) ||
		slices.ContainsFunc(places[number], func(other syscall.Errno) bool { return errors.Is(err, other) })
}
