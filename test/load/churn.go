package main

import (
	"errors"
	"io"
	"slices"
	"time"
)

// Measures of connections that come and go.
const (
	connsPerSecond = "conn/s"
	cpuPerConn     = "server µs/conn"
	firstP50       = "first line p50 ms"
	firstP99       = "first line p99 ms"
)

// greeting is the first line of the programs whose first line is waited for.
const greeting = "hello"

// churn measures connections to a program that writes one line and ends.
func (b *bench) churn(t target, conns int, program []string) (sample, error) {
	s, err := start(t, nil, program...)
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	return b.readChurn(s.cpu, conns, func() (time.Duration, error) { return b.visit(s) })
}

// limitChurn starts the program without a server and reads its line.
func (b *bench) limitChurn(conns int, program []string) (sample, error) {
	return b.readChurn(ownCPU, conns, func() (time.Duration, error) {
		took, end, err := firstOutput(program)
		if err != nil {
			return 0, err
		}
		return took, end()
	})
}

func (b *bench) readChurn(cpu func() time.Duration, conns int, visit turn) (sample, error) {
	l, r := b.runLoop(cpu, slices.Repeat([]turn{visit}, conns))
	l.found.values[connsPerSecond] = r.rate()
	l.found.values[cpuPerConn] = r.cpuEach() / 1000
	l.found.values[firstP50] = percentile(l.times, 50) / 1e6
	l.found.values[firstP99] = percentile(l.times, 99) / 1e6
	return l.found, l.err
}

// visit connects, reads the greeting, and waits until the server has closed. It
// returns the time until the greeting.
func (b *bench) visit(s *server) (took time.Duration, err error) {
	began := time.Now()
	c, err := dial(s.address, smallBuffer, b.patience())
	if err != nil {
		return 0, err
	}
	defer c.Close()
	line, err := c.message()
	took = time.Since(began)
	switch {
	case errors.Is(err, io.EOF) || errors.As(err, new(closing)):
		return 0, errLost
	case err != nil:
		return 0, err
	case string(line) != greeting:
		return 0, errWrong
	}
	return took, c.drain()
}

// firstOutput runs program and waits for its greeting. end ends it.
func firstOutput(program []string) (took time.Duration, end func() error, err error) {
	var stdin, stdout pipePair
	if err := errors.Join(stdin.open(), stdout.open()); err != nil {
		return 0, nil, err
	}
	defer stdin.r.Close()
	began := time.Now()
	cmd, err := run(program, stdin.r, stdout.w)
	stdout.w.Close()
	if err != nil {
		stdin.w.Close()
		stdout.r.Close()
		return 0, nil, err
	}
	line, err := readLine(stdout.r)
	took = time.Since(began)
	if err == nil && line != greeting {
		err = errWrong
	}
	end = func() error {
		stdin.w.Close()
		_, err := io.Copy(io.Discard, stdout.r)
		stdout.r.Close()
		return errors.Join(err, cmd.Wait())
	}
	if err != nil {
		return 0, nil, errors.Join(err, end())
	}
	return took, end, nil
}
