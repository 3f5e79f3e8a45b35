//go:build unix && !linux

package process

import "os"

// mayChangeUser reports whether this process may become any user.
func mayChangeUser() bool { return os.Geteuid() == 0 }
