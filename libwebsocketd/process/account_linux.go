package process

import "golang.org/x/sys/unix"

// mayChangeUser reports whether this process may become any user with any groups: that takes
// CAP_SETUID and CAP_SETGID (capabilities(7)).
func mayChangeUser() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if unix.Capget(&header, &data[0]) != nil {
		return unix.Geteuid() == 0
	}
	const needed = 1<<unix.CAP_SETUID | 1<<unix.CAP_SETGID
	return data[0].Effective&needed == needed
}
