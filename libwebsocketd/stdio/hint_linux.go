package stdio

import (
	"bytes"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// unread reports whether something is in a pipe; false if that cannot be known.
func unread(pipe any) bool {
	switch pipe := pipe.(type) {
	case interface{ Unread() int }: // a process's input
		return pipe.Unread() > 0
	case *os.File:
		n := 0
		if conn, err := pipe.SyscallConn(); err == nil {
			conn.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
		}
		return n > 0
	}
	return false
}

// atWork reports whether a process waits for nothing but the processor or a disk.
func atWork(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	name := bytes.LastIndex(stat, []byte(") ")) // its end
	return err == nil && name > 0 && bytes.ContainsAny(stat[name+2:name+3], "RD")
}
