package process

import "golang.org/x/sys/unix"

// mayChangeUser reports whether this process may become any user with any groups: that takes
// CAP_SETUID and CAP_SETGID (capabilities(7)).
func mayChangeUser() bool {
	return hasCapability(unix.CAP_SETUID) && hasCapability(unix.CAP_SETGID)
}

// hasCapability reports whether this process has one of the first 32 capabilities.
func hasCapability(number uint) bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if unix.Capget(&header, &data[0]) != nil {
		return unix.Geteuid() == 0
	}
	return data[0].Effective&(1<<number) != 0
}
