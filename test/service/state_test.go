package service

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// SIGUSR1 makes the server log what goes on, and nothing else: it serves on, and so does the
// guardian, which whoever signals by name reaches too.
func TestState(t *testing.T) {
	t.Parallel()
	o := options(t, "--config=f.toml", "cat")
	write(t, o, "f.toml", "[program.a]\ncommand = [\"cat\"]\n[program.b]\ncommand = [\"cat\"]\nlifetime = \"session\"\nresume = \"1h\"\n")
	s := o.Start(t)
	a, b := s.ConnectTo(t, "/a"), s.ConnectTo(t, "/b")
	a.Echo(t, "there")
	b.Echo(t, "there")
	guardian := s.Guardian()
	if err := syscall.Kill(guardian, syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 2; i++ {
		s.Signal(t, syscall.SIGUSR1)
		harness.Until(t, "the goroutines are told", func() bool {
			return len(s.Out.With("State of goroutines", "cli.stateLog.write")) == i || s.Exited()
		})
	}
	state := s.Out.With("State                       : ")
	if want := fmt.Sprintf("process %d, up ", s.PID); len(state) != 2 || !strings.Contains(state[0], want) ||
		!strings.Contains(state[0], "2 connections, 2 clients, 2 processes, 1 session, ") || !strings.Contains(state[0], " goroutines, memory ") {
		t.Errorf("%q", state)
	}
	for _, want := range []string{"a at /a, connection, 1 client, 1 process", "b at /b, session, 1 client, 1 process", "cat at /, connection, 0 clients, 0 processes"} {
		if lines := s.Out.With("State of a program          : " + want); len(lines) != 2 {
			t.Errorf("%q: %q", want, lines)
		}
	}
	a.Echo(t, "still there")
	b.Echo(t, "still there")
	if s.Guardian() != guardian || s.Out.Has("started again") {
		t.Errorf("the guardian is another one:\n%s", s.Out)
	}
}

// A server that waits for its clients to leave tells what it waits for.
func TestStateStopping(t *testing.T) {
	t.Parallel()
	s := options(t, "--shutdown=1h", "cat").Start(t)
	c := s.Connect(t)
	c.Echo(t, "there")
	s.Signal(t, syscall.SIGTERM)
	s.Out.Await(t, "Stopping  ")
	s.Signal(t, syscall.SIGUSR1)
	s.Out.Await(t, "State  ", " 1 client, 1 process, ")
	c.Leave(t)
	if status := s.Wait(t); status != 0 {
		t.Errorf("status %d", status)
	}
}
