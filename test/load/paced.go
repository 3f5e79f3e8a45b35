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

// The other paced children: one writes a line now and then, one writes ten lines at a
// time.
const (
	calmEvery  = 100 * time.Millisecond // 10 lines/s
	briskEvery = time.Millisecond       // 10,000 lines/s
	briskLines = 10
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

// writePaced runs in the child. Each write has the given number of lines.
func writePaced(size int, every time.Duration, lines int) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var text []byte
	for number := 0; ; number += lines {
		text = text[:0]
		for i, now := 0, monotonic(); i < lines; i++ {
			text = append(append(text, pacedLine(number+i, now, size)...), '\n')
		}
		if err := writeAll(text); err != nil {
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
		var mine []int64
		lost, bad, err = c.followPaced(false, seen, func(number int, ns, now int64) {
			if number >= warm {
				mine = append(mine, now-ns)
			}
		})
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

// followPaced reads to the end. It calls each with the number of every line, when it
// was written, and when it arrived. The output of a shared child begins with any
// number.
func (c *client) followPaced(shared bool, seen func(total int64), each func(number int, ns, now int64)) (lost, bad int64, err error) {
	total, want, now := int64(0), 0, monotonic()
	for {
		whole, err := c.in.hasFrame()
		if err == nil && !whole {
			seen(total)
			err = c.in.fill()
			now = monotonic()
		}
		if err != nil {
			return lost, bad, err
		}
		if !whole {
			continue
		}
		waits := c.in.pending()[0] != textFrame // message may wait for what follows
		if waits {
			seen(total)
		}
		line, err := c.message()
		if err != nil {
			return lost, bad, err
		}
		if waits {
			now = monotonic()
		}
		if c.unwrap != nil {
			if line = c.unwrap(line); line == nil {
				continue
			}
		}
		number, ns, err := parsePaced(line)
		switch {
		case err != nil:
			bad++
			want++
		case shared && total == 0 || number == want:
			want = number + 1
		case number < want:
			bad++
		default:
			lost += int64(number - want)
			want = number + 1
		}
		if err == nil {
			each(number, ns, now)
		}
		total++
	}
}
