package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// The limits: what the same child delivers to this process on bare pipes.

// child returns the command line of a child, see childMain.
func (b *bench) child(kind string, size int) []string {
	return []string{b.self, "child", kind, strconv.Itoa(size)}
}

// run starts command without a server.
func run(command []string, stdin, stdout *os.File) (*exec.Cmd, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	if stdin != nil {
		cmd.Stdin = stdin
	}
	if stdout != nil {
		cmd.Stdout = stdout
	}
	return cmd, cmd.Start()
}

// readPipe runs command, and calls each with everything it writes.
func readPipe(command []string, each func(piece []byte)) (pid int, stop func(), err error) {
	out, in, err := os.Pipe()
	if err != nil {
		return 0, nil, err
	}
	cmd, err := run(command, nil, in)
	in.Close()
	if err != nil {
		out.Close()
		return 0, nil, err
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		for buf := make([]byte, chunk); ; {
			n, err := out.Read(buf)
			if err != nil {
				return
			}
			each(buf[:n])
		}
	})
	return cmd.Process.Pid, func() {
		cmd.Process.Kill()
		reading.Wait()
		out.Close()
		cmd.Wait()
	}, nil
}

// limitFlood measures bare pipes from children. count returns the count of each
// piece.
func (b *bench) limitFlood(program []string, conns int, count func(piece []byte) int) (reading, error) {
	var total atomic.Int64
	for range conns {
		_, stop, err := readPipe(program, func(piece []byte) { total.Add(int64(count(piece))) })
		if err != nil {
			return reading{}, err
		}
		defer stop()
	}
	return b.read(meter{total.Load, ownCPU})
}

// limitStream reads and finds the ends of lines.
func (b *bench) limitStream(kind string, size, conns int) (sample, error) {
	r, err := b.limitFlood(b.child(kind, size), conns, countNewlines)
	return sample{values: map[string]number{linesPerSecond: r.rate(), cpuPerLine: r.cpuEach()}}, err
}

// countNewlines finds every newline one by one, as a server must that makes messages
// of lines.
func countNewlines(piece []byte) (n int) {
	for {
		i := bytes.IndexByte(piece, '\n')
		if i < 0 {
			return n
		}
		piece = piece[i+1:]
		n++
	}
}

func (b *bench) limitBinary() (sample, error) {
	r, err := b.limitFlood(b.child("stream", 100), 1, func(piece []byte) int { return len(piece) })
	return sample{values: map[string]number{mbPerSecond: r.rate() / 1e6, cpuPerKB: r.cpuEach() * 1000}}, err
}

// limitUpload writes lines to a counting child.
func (b *bench) limitUpload(size int) (sample, error) {
	stdin, stdout := pipePair{}, pipePair{}
	if err := errors.Join(stdin.open(), stdout.open()); err != nil {
		return sample{}, err
	}
	defer stdin.close()
	defer stdout.close()
	cmd, err := run(b.child("count", size), stdin.r, stdout.w)
	if err != nil {
		return sample{}, err
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	stdin.w.SetDeadline(time.Now().Add(b.patience()))
	stdout.r.SetDeadline(time.Now().Add(b.patience()))
	u := uploader{
		pattern:  newPattern(size, asLine),
		write:    stdin.w.Write,
		question: []byte("?\n"),
		answer:   func() (string, error) { return readLine(stdout.r) },
		cpu:      ownCPU,
	}
	return b.uploadTo(u)
}

// readLine reads a line that was written at once.
func readLine(r io.Reader) (string, error) {
	buf := make([]byte, 200)
	n, err := r.Read(buf)
	return string(bytes.TrimSuffix(buf[:n], []byte{'\n'})), err
}

type pipePair struct{ r, w *os.File }

func (p *pipePair) open() (err error) {
	p.r, p.w, err = os.Pipe()
	return err
}

func (p *pipePair) close() {
	p.r.Close()
	p.w.Close()
}
