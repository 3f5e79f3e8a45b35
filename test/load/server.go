package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"time"

	"websocketd/test/harness"
)

const (
	startPatience = time.Minute
	stopPatience  = 5 * time.Second
)

// A target is a server, given by its command line.
type target struct {
	Name    string   `json:"name"`
	Command []string `json:"command"`
}

// A server is a running target, for one measurement.
type server struct {
	address string
	pid     int
	mark    string // in the environment of all its children
	cmd     *exec.Cmd
	stderr  *os.File      // an unnamed file
	gone    chan struct{} // closed when it was reaped
}

// start runs target with flags and a program on a free port, and returns when
// it accepts connections.
func start(t target, flags []string, program ...string) (*server, error) {
	return startWith(t, nil, flags, program...)
}

// startWith does so for a server with an input.
func startWith(t target, stdin *os.File, flags []string, program ...string) (*server, error) {
	return launch(t, stdin, func(port int) []string {
		args := []string{"--address=127.0.0.1", "--port=" + strconv.Itoa(port),
			"--loglevel=fatal", "--maxforks=0", "--passenv=PATH," + harness.MarkName}
		return slices.Concat(args, flags, program)
	})
}

// launch runs target with the arguments for a free port, and returns when it accepts
// connections there.
func launch(t target, stdin *os.File, arguments func(port int) []string) (*server, error) {
	stderr, err := unnamedFile()
	if err != nil {
		return nil, err
	}
	port := harness.MustFreePort()
	s := &server{mark: rand.Text(), stderr: stderr, gone: make(chan struct{})}
	s.address = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	s.cmd = exec.Command(t.Command[0], slices.Concat(t.Command[1:], arguments(port))...)
	s.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), harness.MarkName + "=" + s.mark}
	if stdin != nil {
		s.cmd.Stdin = stdin
	}
	s.cmd.Stderr = s.stderr // a file, because children could hold a pipe open
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := s.cmd.Start(); err != nil {
		stderr.Close()
		return nil, err
	}
	s.pid = s.cmd.Process.Pid
	go func() {
		s.cmd.Wait()
		close(s.gone)
	}()
	if !harness.Within(startPatience, func() bool { return s.exited() || s.accepts() }) || s.exited() {
		said := s.said()
		s.stop()
		return nil, fmt.Errorf("%s does not accept connections: %s", t.Name, said)
	}
	return s, nil
}

func unnamedFile() (*os.File, error) {
	f, err := os.CreateTemp("", "load-stderr-")
	if err == nil {
		err = os.Remove(f.Name())
	}
	return f, err
}

// said returns the beginning of what the server wrote to stderr.
func (s *server) said() []byte {
	text, _ := io.ReadAll(io.NewSectionReader(s.stderr, 0, 300))
	return text
}

func (s *server) accepts() bool {
	c, err := net.DialTimeout("tcp", s.address, time.Second)
	if err == nil {
		c.Close()
	}
	return err == nil
}

func (s *server) exited() bool {
	select {
	case <-s.gone:
		return true
	default:
		return false
	}
}

// stop ends the server, and every process it left.
func (s *server) stop() {
	s.cmd.Process.Signal(syscall.SIGTERM)
	if !harness.Within(stopPatience, s.exited) {
		s.cmd.Process.Kill()
	}
	syscall.Kill(-s.pid, syscall.SIGKILL) // the rest of the session's first group
	harness.Within(stopPatience, func() bool {
		left := s.children()
		for _, pid := range left {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		return len(left) == 0
	})
	<-s.gone
	s.stderr.Close()
}

// children returns the pids of all processes the server started that still live.
func (s *server) children() (pids []int) {
	for _, pid := range harness.Marked(s.mark, "") {
		if pid != s.pid {
			pids = append(pids, pid)
		}
	}
	return pids
}

func (s *server) cpu() time.Duration { return harness.CPUTime(s.pid) }
