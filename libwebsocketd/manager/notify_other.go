//go:build !linux

package manager

import "net"

// credentialsSize is 0: the system does not tell who sends a datagram. The directory of the socket
// lets in only its owner, unless the process is another user's.
const credentialsSize = 0

func passCredentials(*net.UnixConn) error { return nil }

func isFrom(about []byte, session, user int) bool { return true }

func removeStale(string) {}
