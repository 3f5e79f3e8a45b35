package process

import "golang.org/x/sys/unix"

// SealDescriptors keeps every descriptor above 2 that this process inherited from
// being inherited by the programs it starts. It is for a command, at its
// beginning; a descriptor meant for the server is still usable.
func SealDescriptors() error {
	return unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC)
}
