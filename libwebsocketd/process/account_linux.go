package process

import "golang.org/x/sys/unix"

// orCapabilities says what will do in place of root.
const orCapabilities = ", or with the capabilities CAP_SETUID, CAP_SETGID and CAP_KILL"

// mayChangeUser reports whether this process may start others as any user with any groups, and end
// them: that takes CAP_SETUID, CAP_SETGID and CAP_KILL (capabilities(7)).
func mayChangeUser() bool {
	return hasCapability(unix.CAP_SETUID) && hasCapability(unix.CAP_SETGID) && hasCapability(unix.CAP_KILL)
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
