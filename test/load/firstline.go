package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// firstLineEvery is the time between two connections. It is so long that nothing is
// saturated, and a pool of processes can fill up.
const firstLineEvery = 100 * time.Millisecond

// poolFlag makes targets start processes ahead of their clients.
const poolFlag = "--prefork=4"

// poolSuffix follows the name of a target with poolFlag.
const poolSuffix = way + "pool"

// program returns a command that greets and stays until its input ends, or nil if it
// is not installed.
func program(language string) []string {
	switch language {
	case "sh":
		return []string{"/bin/sh", "-c", "echo " + greeting + "; exec cat"}
	case "python":
		return installed("python3", "-c", `import sys; print("`+greeting+`", flush=True); sys.stdin.read()`)
	case "node":
		return installed("node", "-e", `console.log("`+greeting+`"); process.stdin.resume()`)
	}
	return nil
}

// installed returns a command with its path, or nil. The system's own program is
// preferred: what comes first in PATH may be a script that looks for it.
func installed(name string, args ...string) []string {
	path := "/usr/bin/" + name
	if _, err := os.Stat(path); err != nil {
		if path, err = exec.LookPath(name); err != nil {
			return nil
		}
	}
	return append([]string{path}, args...)
}

// firstLine measures the time from dialing to the first line.
func (b *bench) firstLine(t target, flags, program []string) (sample, error) {
	s, err := start(t, flags, program...)
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	return b.everyNow(func() (took time.Duration, end func() error, err error) {
		began := time.Now()
		c, err := dial(s.address, smallBuffer, b.patience())
		if err != nil {
			return 0, nil, err
		}
		line, err := c.message()
		if took = time.Since(began); err == nil && string(line) != greeting {
			err = errWrong
		}
		return took, c.leave, err
	})
}

// handshake measures the time to a 101 from a server that does nothing else.
func (b *bench) handshake() (sample, error) {
	s, err := start(b.gorilla(), nil)
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	return b.everyNow(func() (time.Duration, func() error, error) {
		began := time.Now()
		c, err := dial(s.address, smallBuffer, b.patience())
		if err != nil {
			return 0, nil, err
		}
		return time.Since(began), c.Close, nil
	})
}

// everyNow calls do at regular intervals, and ends each before the next one. The
// first time is not counted, because files are read then.
func (b *bench) everyNow(do func() (took time.Duration, end func() error, err error)) (sample, error) {
	tick := time.NewTicker(firstLineEvery)
	defer tick.Stop()
	var times []int64
	for i := range 1 + max(3, int(b.window/firstLineEvery)) {
		took, end, err := do()
		if err == nil {
			err = end()
		}
		if err != nil {
			return sample{}, err
		}
		if i > 0 {
			times = append(times, took.Nanoseconds())
		}
		<-tick.C
		if b.ctx.Err() != nil {
			break
		}
	}
	slices.Sort(times)
	return sample{values: map[string]number{
		firstP50: percentile(times, 50) / 1e6,
		firstP99: percentile(times, 99) / 1e6,
	}}, nil
}

// firstLineOthers returns the limits, and the targets that can start processes ahead.
func firstLineOthers(program []string) func(b *bench, servers []target) []participant {
	return func(b *bench, servers []target) (all []participant) {
		for _, t := range servers {
			if t.Name != peerName && t.knows(poolFlag) {
				all = append(all, participant{t.Name + poolSuffix, func() (sample, error) {
					return b.firstLine(t, []string{poolFlag}, program)
				}})
			}
		}
		return append(all,
			participant{limitName, func() (sample, error) {
				return b.everyNow(func() (time.Duration, func() error, error) { return firstOutput(program) })
			}},
			participant{"handshake", b.handshake})
	}
}

// knows reports whether the target's --help mentions a flag.
func (t target) knows(flag string) bool {
	name, _, _ := strings.Cut(flag, "=")
	help, _ := exec.Command(t.Command[0], "--help").CombinedOutput()
	return strings.Contains(string(help), name+"=") || strings.Contains(string(help), name+"[=")
}
