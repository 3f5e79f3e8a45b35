//go:build !linux

package manager

import (
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// count returns what has been counted of processes and their descendants, by their PIDs.
func count(pids []int) map[int]counted {
	counts := make(map[int]counted, len(pids))
	for _, pid := range pids {
		counts[pid] = countTree(int32(pid))
	}
	return counts
}

// countTree returns what has been counted of a process and its descendants, as far as the system
// tells it.
func countTree(pid int32) (sum counted) {
	p, err := process.NewProcess(pid)
	if err != nil {
		return sum
	}
	if times, err := p.Times(); err == nil {
		sum.cpu = time.Duration((times.User + times.System) * float64(time.Second))
	}
	if memory, err := p.MemoryInfo(); err == nil {
		sum.memory = int64(memory.RSS)
	}
	children, _ := p.Children()
	for _, child := range children {
		of := countTree(child.Pid)
		sum.cpu, sum.memory = sum.cpu+of.cpu, sum.memory+of.memory
	}
	return sum
}
