package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
)

// childMain runs the program behind the server. It uses plain system calls, because
// what a child costs is part of every figure.
func childMain(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("usage: load child stream|linewise|count|paced|calm|brisk|slow|history|mcp N")
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	switch args[0] {
	case "stream":
		return floodChunks(newPattern(n, asLine))
	case "linewise":
		return floodLines(newPattern(n, asLine))
	case "count":
		return countLines(&check{p: newPattern(n, asLine)})
	case "paced":
		return writePaced(n, pacedEvery, 1)
	case "calm":
		return writePaced(n, calmEvery, 1)
	case "brisk":
		return writePaced(n, briskEvery, briskLines)
	case "mcp":
		return serveMCP()
	case "history":
		return echoAfter(n)
	case "slow":
		return echoOrFlood(newPattern(n, asLine))
	}
	return fmt.Errorf("no child is called %s", args[0])
}

// floodChunks writes like a program whose output is buffered in blocks: every write
// is a chunk, which may end in the middle of a line.
func floodChunks(p *pattern) error {
	for at := 0; ; at = (at + chunk) % p.cycle() {
		if err := writeAll(p.ring[at : at+chunk]); err != nil {
			return err
		}
	}
}

func floodLines(p *pattern) error {
	for i := 0; ; i = (i + 1) % p.lines {
		if err := writeAll(p.wrapped(i)); err != nil {
			return err
		}
	}
}

func writeAll(b []byte) error {
	for len(b) > 0 {
		n, err := syscall.Write(1, b)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// rawInput is standard input without the poller.
type rawInput struct{}

func (rawInput) Read(b []byte) (int, error) {
	for {
		n, err := syscall.Read(0, b)
		switch {
		case err == syscall.EINTR:
		case err == nil && n == 0:
			return 0, io.EOF
		default:
			return max(n, 0), err
		}
	}
}

// totalsFormat is the format of the counting child's answer to a line "?": the lines
// it got, those that did not come, and those that are not in the pattern.
const totalsFormat = "%d lines, %d lost, %d bad"

// countLines finds every line by itself, as a program has to that processes lines. It
// checks along the way that each is the right one.
func countLines(c *check) error {
	in := newReader(rawInput{}, floodBuffer)
	for lines := 0; ; {
		right := c.match(in.pending())
		lines += countNewlines(in.pending()[:right])
		in.skip(right)
		line, whole := in.line()
		switch {
		case whole && string(line) == "?":
			if err := writeAll(fmt.Appendf(nil, totalsFormat+"\n", lines, c.lost, c.bad)); err != nil {
				return err
			}
			in.skip(len(line) + 1)
		case whole:
			c.take(line)
			lines++
			in.skip(len(line) + 1)
		default:
			if err := in.fill(); err != nil {
				return err
			}
		}
	}
}

// childFails ends a child with an error. That its server went away is not reported.
func childFails(err error) {
	if err != syscall.EPIPE && err != io.EOF {
		fmt.Fprintln(os.Stderr, "load child:", err)
	}
	os.Exit(1)
}
