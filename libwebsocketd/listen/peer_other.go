//go:build !linux

package listen

import "net"

// PeerUser returns the user whose process has connected to a unix socket; ok is false,
// because only on Linux that is known.
func PeerUser(net.Conn) (uid int, ok bool) { return 0, false }
