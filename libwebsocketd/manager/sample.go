package manager

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Usage is what a process and everything in its session uses.
type Usage struct {
	CPU    float64 // percent of one core, since the sample before
	Memory int64   // bytes
}

// counted is what the system has counted of a process and everything in its session.
type counted struct {
	cpu    time.Duration // of those that run, and of those that have ended
	memory int64
}

// sampler finds out what processes use: of all at once, when somebody asks, and no more often than
// figures stay fresh. It has no goroutine.
type sampler struct {
	mu     sync.Mutex
	at     time.Time
	before map[int]counted
	now    map[int]Usage
}

// usage returns what the processes of runs use, by their PIDs. of returns these.
func (s *sampler) usage(of func() []int) map[int]Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	pids := of()
	if time.Since(s.at) >= fresh {
		s.take(count(pids), time.Now())
		return s.now
	}
	pids = slices.DeleteFunc(pids, func(pid int) bool { _, known := s.now[pid]; return known })
	if len(pids) > 0 {
		s.join(count(pids))
	}
	return s.now
}

// join adds processes that have started since the last sample; s.mu is held. Of their CPU the next
// one tells.
func (s *sampler) join(counts map[int]counted) {
	s.now = maps.Clone(s.now) // those who have asked before read the other one
	for pid, c := range counts {
		s.before[pid], s.now[pid] = c, Usage{Memory: c.memory}
	}
}

// take makes figures of what was counted, and of what was counted before; s.mu is held.
func (s *sampler) take(counts map[int]counted, at time.Time) {
	passed := at.Sub(s.at)
	now := make(map[int]Usage, len(counts))
	for pid, c := range counts {
		u := Usage{Memory: c.memory}
		if before, known := s.before[pid]; known && passed > 0 {
			u.CPU = max(0, 100*float64(c.cpu-before.cpu)/float64(passed))
		}
		now[pid] = u
	}
	s.before, s.now, s.at = counts, now, at
}

// usage returns what every process of a program uses now, by its PID.
func (m *Manager) usage() map[int]Usage {
	return m.sampler.usage(func() (pids []int) {
		for _, s := range m.all() {
			for _, i := range s.list() {
				if pid := i.pid(); pid > 0 {
					pids = append(pids, pid)
				}
			}
		}
		return pids
	})
}

// pid returns the PID of the instance's process, 0 if there is none.
func (i *instance) pid() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.run == nil {
		return 0
	}
	return i.run.pid
}

// withUsage adds to instances what they use now.
func (m *Manager) withUsage(infos []Info) []Info {
	usage := m.usage()
	for n := range infos {
		if u, ok := usage[infos[n].Pid]; ok && infos[n].Pid > 0 {
			infos[n].CPU, infos[n].Memory = u.CPU, u.Memory
		}
	}
	return infos
}
