package main

import (
	"bufio"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Measures of clients that join a process which has said something already.
const (
	livesPerSecond = "joined/s"
	cpuPerJoin     = "server µs/join"
	liveP50        = "live p50 ms"
)

// joinedBytes is what a client gets when it joins. The flags keep it.
const joinedBytes = 1 << 20

var keepsJoined = "--history=" + strconv.Itoa(4*joinedBytes) // half of it may be unconfirmed

// The flags of a process that outlives its clients, and what the name of a target has
// that is measured with it.
const (
	resumeFlag    = "--resume"
	sessionSuffix = way + "session"
	sharedName    = "shared" // the first target that can share
	joiners       = 2
)

// join measures clients that get what is kept, send a line and wait until it comes back.
// header has what lets them in.
func (b *bench) join(t target, flags []string, header func(*server) (string, error)) (sample, error) {
	s, err := start(t, append(flags, keepsJoined), b.child("history", joinedBytes)...)
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	with, err := header(s)
	if err != nil {
		return sample{}, err
	}
	var n atomic.Int64
	visit := func() (time.Duration, error) { return b.joinOnce(s, with, fmt.Sprint("live ", n.Add(1))) }
	if _, err := visit(); err != nil { // the process has said everything now
		return sample{}, err
	}
	l, r := b.runLoop(s.cpu, slices.Repeat([]turn{visit}, joiners))
	l.found.values[livesPerSecond] = r.rate()
	l.found.values[cpuPerJoin] = r.cpuEach() / 1000
	l.found.values[liveP50] = percentile(l.times, 50) / 1e6
	return l.found, l.err
}

// joinOnce returns the time until line has come back, after everything that is kept.
func (b *bench) joinOnce(s *server, header, line string) (time.Duration, error) {
	began := time.Now()
	c, err := dialWith(s.address, "/", header, floodBuffer, b.patience())
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if _, err := c.Write(appendClientFrame(nil, textFrame, []byte(line))); err != nil {
		return 0, err
	}
	for bytes := 0; ; {
		m, err := c.message()
		switch {
		case err != nil:
			return 0, err
		case string(m) != line:
			bytes += len(m) + 1
		case bytes < joinedBytes:
			return 0, errLost
		default:
			took := time.Since(began)
			return took, c.leave()
		}
	}
}

// newSession makes a session, and returns the header that opens it.
func newSession(s *server) (string, error) {
	resp, err := http.Post("http://"+s.address+"/?session=new", "", nil)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	cookie, _, ok := strings.Cut(resp.Header.Get("Set-Cookie"), ";")
	if !ok {
		return "", fmt.Errorf("no session: %s", resp.Status)
	}
	return "Cookie: " + cookie + "\r\n", nil
}

// joinFigure compares coming back to a session with joining a shared process.
func joinFigure() figure {
	return figure{
		name:     "join",
		measures: []string{livesPerSecond, cpuPerJoin, liveP50},
		others: func(b *bench, servers []target) (all []participant) {
			for _, t := range servers {
				if t.shares() && len(all) == 0 {
					all = append(all, participant{sharedName, func() (sample, error) {
						return b.join(t, []string{sharedFlag, "--start=eager"}, func(*server) (string, error) { return "", nil })
					}})
				}
				if t.Name != peerName && t.knows(resumeFlag) {
					all = append(all, participant{t.Name + sessionSuffix, func() (sample, error) {
						return b.join(t, []string{resumeFlag + "=1m"}, newSession)
					}})
				}
			}
			return all
		},
	}
}

// echoAfter is a child that writes lines of so many bytes together, and then what it reads.
func echoAfter(bytes int) error {
	const size = 100
	p := newPattern(size, asLine)
	var said []byte
	for i := 0; len(said) < bytes; i = (i + 1) % p.lines {
		said = append(said, p.wrapped(i)...)
	}
	if err := writeAll(said); err != nil {
		return err
	}
	in := bufio.NewReader(rawInput{})
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return err
		}
		if err := writeAll(line); err != nil {
			return err
		}
	}
}
