//go:build unix && !linux

package process

import "os"

// orCapabilities is empty: there are none here.
const orCapabilities = ""

// mayChangeUser reports whether this process may become any user.
func mayChangeUser() bool { return os.Geteuid() == 0 }
