package manager

import "time"

// OwnProcess is what this process is and uses. What the system does not tell is 0.
type OwnProcess struct {
	Began time.Time
	CPU   time.Duration

	Memory, Virtual, MaxVirtual uint64 // bytes: resident, of addresses, and of these at most
	Files, MaxFiles             uint64 // descriptors
}
