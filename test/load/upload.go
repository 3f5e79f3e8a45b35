package main

import (
	"fmt"
	"time"
)

// An uploader sends to a counting child: through a server or not.
type uploader struct {
	pattern  *pattern
	write    func([]byte) (int, error)
	question []byte // requests the totals
	answer   func() (string, error)
	cpu      func() time.Duration
}

func (u uploader) ask() (string, error) {
	if _, err := u.write(u.question); err != nil {
		return "", err
	}
	return u.answer()
}

// upload floods a counting child with text messages.
func (b *bench) upload(t target, size int) (sample, error) {
	s, err := start(t, nil, b.child("count", size)...)
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	c, err := dial(s.address, smallBuffer, b.patience())
	if err != nil {
		return sample{}, err
	}
	defer c.Close()
	return b.uploadTo(uploader{
		pattern:  newPattern(size, asClientFrame),
		write:    c.Write,
		question: appendClientFrame(nil, textFrame, []byte("?")),
		answer:   func() (string, error) { line, err := c.message(); return string(line), err },
		cpu:      s.cpu,
	})
}

// uploadTo writes whole cycles of the pattern for the window. The time ends with the
// child's answer to a question after the last line: what was only written may still
// be in megabytes of socket buffers.
func (b *bench) uploadTo(u uploader) (sample, error) {
	if _, err := u.ask(); err != nil { // waits until the child runs
		return sample{}, err
	}
	var sent int64
	m := meter{func() int64 { return sent }, u.cpu}
	end := m.begin()
	for deadline := time.Now().Add(b.window); time.Now().Before(deadline) && b.ctx.Err() == nil; {
		if _, err := u.write(u.pattern.ring[:u.pattern.cycle()]); err != nil {
			return sample{}, fmt.Errorf("after %d lines: %w", sent, err)
		}
		sent += int64(u.pattern.lines)
	}
	totals, err := u.ask()
	r := end()
	if err != nil {
		return sample{}, fmt.Errorf("no totals after %d lines: %w", sent, err)
	}
	found := sample{values: map[string]number{linesPerSecond: r.rate(), cpuPerLine: r.cpuEach(), clientCores: r.clientCores()}}
	var counted int64
	if _, err := fmt.Sscanf(totals, totalsFormat, &counted, &found.lost, &found.bad); err != nil {
		return sample{}, fmt.Errorf("the child's totals are %q: %w", totals, err)
	}
	if found.lost == 0 {
		found.lost = sent - counted
	}
	return found, nil
}
