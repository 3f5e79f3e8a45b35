package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// What calls by name, in pow-1, are compared with: plain connections to the same program of
// the same server.
const (
	powFlag    = "--pow"
	powPath    = "/pow/"
	powHeader  = "Sec-WebSocket-Protocol: pow-1\r\n"
	powCall    = `{"call":"program"}`
	callSuffix = way + "call"
	plainName  = "plain" // the first target that serves calls
)

// startNamed starts a server with a program that has a name, at the path /.
func (b *bench) startNamed(t target, framing string, program []string) (*server, error) {
	quoted := make([]string, len(program))
	for i, arg := range program {
		quoted[i] = strconv.Quote(arg)
	}
	dir, err := os.MkdirTemp("", "load-pow-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) // read at the start
	file := filepath.Join(dir, "websocketd.toml")
	text := fmt.Sprintf("[program.program]\npath = \"/\"\nframing = %q\ncommand = [%s]\n", framing, strings.Join(quoted, ", "))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return start(t, []string{"--config=" + file, powFlag})
}

// dialCall connects, and calls the program.
func (b *bench) dialCall(s *server, buffer int) (*client, error) {
	c, err := dialWith(s.address, powPath, powHeader, buffer, b.patience())
	if err != nil {
		return nil, err
	}
	if _, err := c.Write(appendClientFrame(nil, binaryFrame, []byte(powCall))); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// callChurn measures calls, or plain connections, to a program that writes one line and ends.
func (b *bench) callChurn(t target, conns int, program []string, visit func(*server) (time.Duration, error)) (sample, error) {
	s, err := b.startNamed(t, "line", program)
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	return b.readChurn(s.cpu, conns, func() (time.Duration, error) { return visit(s) })
}

// visitByCall does what visit does, with a call. The result follows the greeting.
func (b *bench) visitByCall(s *server) (took time.Duration, err error) {
	began := time.Now()
	c, err := b.dialCall(s, smallBuffer)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	line, err := c.message()
	took = time.Since(began)
	if err == nil && string(line) != greeting+"\n" {
		err = errWrong
	}
	if err == nil {
		line, err = c.message()
	}
	switch {
	case errors.Is(err, io.EOF) || errors.As(err, new(closing)):
		return 0, errLost
	case err != nil:
		return 0, err
	case string(line) != `{"status":"fulfilled","value":null}`:
		return 0, errWrong
	}
	return took, c.drain()
}

func callFigure(conns int, program ...string) figure {
	return figure{
		name:     "call/" + strconv.Itoa(conns),
		measures: []string{connsPerSecond, cpuPerConn, firstP50, firstP99},
		others: callers(func(b *bench, t target, call bool) (sample, error) {
			visit := b.visit
			if call {
				visit = b.visitByCall
			}
			return b.callChurn(t, conns, program, visit)
		}),
	}
}

// callStream measures the output of a program that writes as fast as it can, as it comes.
func (b *bench) callStream(t target, size int, dial func(*server, int) (*client, error)) (sample, error) {
	s, err := b.startNamed(t, "raw", b.child("stream", size))
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	p, bad := newPattern(size, asLine), int64(0)
	f, err := b.openFloodBy(s, 1, dial, func(c *client, seen func(int64)) (int64, int64, error) {
		err := c.followBytes(p, seen)
		if errors.Is(err, errOtherBytes) {
			bad = 1
		}
		return 0, bad, err
	})
	if err != nil {
		return sample{}, err
	}
	r, err := b.read(meter{f.total.Load, s.cpu})
	found, lostErr := f.close()
	found.values[mbPerSecond] = r.rate() / 1e6
	found.values[cpuPerKB] = r.cpuEach() * 1000
	found.values[clientCores] = r.clientCores()
	return found, errors.Join(err, lostErr)
}

func callStreamFigure(size int) figure {
	return figure{
		name:     "call/stream-" + strconv.Itoa(size),
		measures: []string{mbPerSecond, cpuPerKB},
		others: callers(func(b *bench, t target, call bool) (sample, error) {
			if call {
				return b.callStream(t, size, b.dialCall)
			}
			return b.callStream(t, size, b.dialPlain)
		}),
	}
}

// callers returns plain connections to the first server that serves calls, and calls to each.
func callers(measure func(b *bench, t target, call bool) (sample, error)) func(b *bench, servers []target) []participant {
	return func(b *bench, servers []target) (all []participant) {
		for _, t := range servers {
			if t.Name == peerName || !t.knows(powFlag) {
				continue
			}
			if len(all) == 0 {
				all = append(all, participant{plainName, func() (sample, error) { return measure(b, t, false) }})
			}
			all = append(all, participant{t.Name + callSuffix, func() (sample, error) { return measure(b, t, true) }})
		}
		return all
	}
}
