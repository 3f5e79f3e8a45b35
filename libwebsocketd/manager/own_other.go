//go:build !linux

package manager

import (
	"os"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// Own returns what this process is and uses.
func Own() (p OwnProcess) {
	self, err := process.NewProcess(int32(os.Getpid()))
	if err != nil {
		return p
	}
	if began, err := self.CreateTime(); err == nil {
		p.Began = time.UnixMilli(began)
	}
	if times, err := self.Times(); err == nil {
		p.CPU = time.Duration((times.User + times.System) * float64(time.Second))
	}
	if memory, err := self.MemoryInfo(); err == nil {
		p.Memory, p.Virtual = memory.RSS, memory.VMS
	}
	if files, err := self.NumFDs(); err == nil {
		p.Files = uint64(files)
	}
	p.takeLimits()
	return p
}
