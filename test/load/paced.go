package main

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A paced line is a time, a number, and dots up to its size.
const (
	pacedEvery = 5 * time.Millisecond // 200 lines/s
	pacedConns = 20
	pacedSize  = 64
	cpuPerTick = "server µs/line"
)

func pacedLine(number int, ns int64, size int) []byte {
	line := fmt.Appendf(make([]byte, 0, size+1), "%019d %09d ", ns, number)
	for len(line) < size {
		line = append(line, '.')
	}
	return line
}

func parsePaced(line []byte) (number int, ns int64, err error) {
	if len(line) != pacedSize {
		return 0, 0, errWrong
	}
	if ns, err = strconv.ParseInt(string(line[:19]), 10, 64); err != nil {
		return 0, 0, err
	}
	number, err = strconv.Atoi(string(line[20:29]))
	return number, ns, err
}

// writePaced is the child's part.
func writePaced(size int) error {
	tick := time.NewTicker(pacedEvery)
	defer tick.Stop()
	for number := 0; ; number++ {
		if err := writeAll(append(pacedLine(number, monotonic(), size), '\n')); err != nil {
			return err
		}
		<-tick.C
	}
}

// paced measures how old the lines of calm children are when they arrive.
func (b *bench) paced(t target) (sample, error) {
	warm := int(b.window / 5 / pacedEvery)
	var mu sync.Mutex
	var ages []int64
	follow := func(c *client, seen func(int64)) (lost, bad int64, err error) {
		mine, lost, bad, err := c.followPaced(warm, seen)
		mu.Lock()
		defer mu.Unlock()
		ages = append(ages, mine...)
		return lost, bad, err
	}
	r, found, err := b.flood(t, nil, b.child("paced", pacedSize), pacedConns, follow)
	if err != nil {
		return found, err
	}
	slices.Sort(ages)
	found.values[p50], found.values[p99] = percentile(ages, 50)/1000, percentile(ages, 99)/1000
	found.values[cpuPerTick] = r.cpuEach() / 1000
	found.values[clientCores] = r.clientCores()
	return found, nil
}

// followPaced reads to the end. Lines before the number warm are not recorded.
func (c *client) followPaced(warm int, seen func(int64)) (ages []int64, lost, bad int64, err error) {
	for want := 0; ; want++ {
		line, err := c.message()
		if err != nil {
			return ages, lost, bad, err
		}
		number, ns, err := parsePaced(line)
		if err != nil {
			bad++
			continue
		}
		lost += int64(number - want)
		want = number
		if number >= warm {
			ages = append(ages, monotonic()-ns)
		}
		seen(int64(number + 1))
	}
}
