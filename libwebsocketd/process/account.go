package process

// Account is the user of the system that a process runs as.
type Account struct {
	Name   string // "" if the system has none
	Home   string // "" if the system has none
	UID    uint32
	GID    uint32
	Groups []uint32 // all of them
}
