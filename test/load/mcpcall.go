package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"websocketd/test/harness"
)

// Measures of calls of a tool.
const (
	callsPerSecond = "calls/s"
	cpuPerCall     = "server µs/call"
	mcpServers     = "MCP servers"      // that were behind the target at the start or at the end
	allMB          = "all processes MB" // and share it fairly with others
)

// mcpCalls measures clients that each call a tool, wait for the answer, and call it again.
func (b *bench) mcpCalls(t target, of era, command []string, clients int) (sample, error) {
	s, err := b.startMCP(t, of, command)
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	var workers []turn
	for n := range clients {
		c, err := b.newCaller(s, of, "client "+strconv.Itoa(n))
		if err != nil {
			return sample{}, err
		}
		defer c.Close()
		workers = append(workers, c.call)
	}
	before := s.running(command[0])
	found, err := b.readCalls(s.cpu, workers)
	all := append(before, s.running(command[0])...)
	slices.Sort(all)
	found.values[mcpServers] = number(len(slices.Compact(all)))
	found.values[allMB] = s.megabytes()
	return found, err
}

// newCaller connects, and calls once.
func (b *bench) newCaller(s *server, of era, name string) (*mcpClient, error) {
	c, err := b.dialMCP(s, of, name)
	if err != nil {
		return nil, err
	}
	if of == legacy {
		err = c.open()
	}
	if err == nil {
		_, err = c.call()
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// readCalls measures workers that make calls.
func (b *bench) readCalls(cpu func() time.Duration, workers []turn) (sample, error) {
	l, r := b.runLoop(cpu, workers)
	l.found.values[callsPerSecond] = r.rate()
	l.found.values[cpuPerCall] = r.cpuEach() / 1000
	l.found.values[p50] = percentile(l.times, 50) / 1000
	l.found.values[p99] = percentile(l.times, 99) / 1000
	return l.found, l.err
}

// running returns the pids of what the server started that run the program.
func (s *server) running(program string) (pids []int) {
	path, err := exec.LookPath(program)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err == nil {
		path, err = filepath.Abs(path)
	}
	for _, pid := range s.children() {
		if link, linkErr := os.Readlink("/proc/" + strconv.Itoa(pid) + "/exe"); err == nil && linkErr == nil && link == path {
			pids = append(pids, pid)
		}
	}
	return pids
}

// megabytes returns the memory of the server and of everything it started. What several
// processes have in common counts once.
func (s *server) megabytes() (sum number) {
	for _, pid := range harness.Marked(s.mark, "") {
		kb, err := proportionalKB(pid)
		if err == nil { // it may have ended just now
			sum += number(kb) / 1024
		}
	}
	return sum
}
