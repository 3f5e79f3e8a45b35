//go:build unix && !linux

package process

import (
	"os"

	"golang.org/x/sys/unix"
)

// Nothing that descendants inherit can be read here: a process that is being started
// when the server is killed may survive.

func firstMark() uint64 { return 1 }

func setMark(uint64) {}

func clearMark() {}

func bootClock() int64 { return 0 }

// sharedFile returns a file without a name.
func sharedFile() (*os.File, error) {
	file, err := os.CreateTemp("", "guardian")
	if err != nil {
		return nil, err
	}
	return file, os.Remove(file.Name())
}

// SessionOf returns the session of a process, -1 when there is no such process.
func SessionOf(pid int) int {
	session, err := unix.Getsid(pid)
	if err != nil {
		return -1
	}
	return session
}
