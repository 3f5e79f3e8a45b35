package process

import "golang.org/x/sys/unix"

// Unread returns how many bytes of the input the process has not read yet.
func (p *input) Unread() (n int) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.file == nil {
		n, _ = unix.IoctlGetInt(p.fd, unix.TIOCINQ)
		return n
	}
	if conn, err := p.file.SyscallConn(); err == nil {
		conn.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
	}
	return n
}
