package manager

import (
	"runtime"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/load"
	"github.com/shirou/gopsutil/v4/mem"
)

// System is what is known of the machine at one moment. What the system does not tell is 0.
type System struct {
	CPU   float64 // percent of all cores, since the figures before
	Cores int

	Total, Used, Available uint64 // bytes of memory

	Load [3]float64 // over one, five and fifteen minutes, as the operating system has it
}

// fresh is how long figures are taken for new: whoever asks within that time gets the same.
const fresh = 200 * time.Millisecond

// machine keeps the figures of the machine, and what the next ones are compared with.
type machine struct {
	mu         sync.Mutex
	at         time.Time
	now        System
	busy, idle float64 // seconds of all cores since the start of the machine
}

// System returns what is known of the machine now.
func (m *Manager) System() System { return m.machine.figures() }

func (s *machine) figures() System {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.at) < fresh {
		return s.now
	}
	s.at = time.Now()
	s.now.Cores = runtime.NumCPU()
	if times, err := cpu.Times(false); err == nil && len(times) == 1 {
		t := &times[0]
		idle := t.Idle + t.Iowait
		s.take(t.User+t.System+t.Nice+t.Irq+t.Softirq+t.Steal, idle)
	}
	if memory, err := mem.VirtualMemory(); err == nil {
		s.now.Total, s.now.Available = memory.Total, memory.Available
		s.now.Used = memory.Total - min(memory.Available, memory.Total)
	}
	if average, err := load.Avg(); err == nil {
		s.now.Load = [3]float64{average.Load1, average.Load5, average.Load15}
	}
	return s.now
}

// take makes the percentage of what has passed since the figures before.
func (s *machine) take(busy, idle float64) {
	if all := busy - s.busy + idle - s.idle; all > 0 {
		s.now.CPU = min(max(100*(busy-s.busy)/all, 0), 100)
	}
	s.busy, s.idle = busy, idle
}
