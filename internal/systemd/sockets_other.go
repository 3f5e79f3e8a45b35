//go:build !linux

package systemd

import "os"

// listens returns nil: only systemd passes sockets, and that is on Linux.
func listens(*os.File) error { return nil }
