//go:build !windows

package errno

import "syscall"

// places is empty: the system returns the numbers of package syscall.
var places map[syscall.Errno][]syscall.Errno
