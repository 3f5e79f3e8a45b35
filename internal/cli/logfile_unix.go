//go:build unix

package cli

import "syscall"

// openAtOnce keeps the opening of a pipe from waiting for its reader: without one it fails.
const openAtOnce = syscall.O_NONBLOCK
