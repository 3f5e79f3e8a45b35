package process

import "golang.org/x/sys/unix"

// SealDescriptors keeps the programs this process starts from inheriting any
// descriptor above 2 that it inherited itself. A command calls it first; a descriptor
// meant for the server is still usable.
func SealDescriptors() error {
	return unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC)
}
