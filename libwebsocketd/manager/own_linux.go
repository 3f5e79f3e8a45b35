package manager

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// Further fields of /proc/PID/stat.
const (
	statBegan   = 19 // clock ticks since the start of the machine
	statVirtual = 20
)

// Own returns what this process is and uses.
func Own() (p OwnProcess) {
	if text, err := os.ReadFile("/proc/self/stat"); err == nil {
		p = parseOwn(text, machineBegan())
	}
	p.Files = openFiles()
	p.takeLimits()
	return p
}

// parseOwn parses /proc/PID/stat. machine is when the machine has started.
func parseOwn(text []byte, machine time.Time) (p OwnProcess) {
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) <= statRSS {
		return p
	}
	number := func(field int) uint64 {
		n, _ := strconv.ParseUint(string(fields[field]), 10, 64)
		return n
	}
	p.CPU = time.Duration(number(statTimes)+number(statTimes+1)) * (time.Second / ticks)
	p.Memory, p.Virtual = number(statRSS)*uint64(os.Getpagesize()), number(statVirtual)
	if !machine.IsZero() {
		p.Began = machine.Add(time.Duration(number(statBegan)) * (time.Second / ticks))
	}
	return p
}

// machineBegan returns when the machine has started; zero if that is not known.
func machineBegan() time.Time {
	text, _ := os.ReadFile("/proc/stat")
	_, rest, _ := bytes.Cut(text, []byte("\nbtime "))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	seconds, err := strconv.ParseInt(string(line), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

// openFiles returns how many descriptors are open, but for the one that it takes to find out.
func openFiles() uint64 {
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return 0
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	return uint64(max(0, len(names)-1))
}
