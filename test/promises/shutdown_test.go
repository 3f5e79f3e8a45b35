package promises

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// SIGTERM and SIGINT: every client hears 1001, no process is left, the socket
// file is removed, and the status is 0.
func TestGracefulStop(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		for what, program := range map[string][]string{
			"cat":         {"sh", "-c", "echo up; exec cat"},
			"stubborn":    stubborn,
			"grandchild":  {"sh", "-c", "sleep 500 & echo up; cat"},
			"never reads": {"sh", "-c", "echo up; exec sleep 700"},
		} {
			t.Run(sig.String()+", "+what, func(t *testing.T) {
				t.Parallel()
				stopGracefully(t, sig, program)
			})
		}
	}
}

func stopGracefully(t *testing.T, sig syscall.Signal, program []string) {
	socket := filepath.Join(t.TempDir(), "s.sock")
	s := harness.Options{Bin: harness.Binary(t), Unix: socket, Args: program}.Start(t)
	var clients []*harness.Conn
	for range 5 {
		c := s.Connect(t)
		c.Expect(t, "up")
		clients = append(clients, c)
	}
	s.Signal(t, sig)
	for _, c := range clients {
		c.Ends(t, 1001, "")
	}
	if status := s.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
	harness.NothingLeft(t, s)
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket file: %v", err)
	}
}

// A client that does not read cannot hold up the stop.
func TestStopWithADeafClient(t *testing.T) {
	t.Parallel()
	s := start(t, "yes")
	s.Connect(t)
	harness.Until(t, "the process waits for the client", func() bool {
		left := s.Children()
		return len(left) == 1 && harness.Blocked(left[0])
	})
	s.Signal(t, syscall.SIGTERM)
	if status := s.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
	harness.NothingLeft(t, s)
}

// A second signal does not wait for the ladder, which takes a minute here.
func TestSecondSignalIsImmediate(t *testing.T) {
	t.Parallel()
	for _, second := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		socket := filepath.Join(t.TempDir(), "s.sock")
		s := harness.Options{Bin: harness.Binary(t), Unix: socket,
			Args: append([]string{"--closems=20000"}, stubborn...)}.Start(t)
		c := s.Connect(t)
		c.Expect(t, "up")
		s.Signal(t, syscall.SIGTERM)
		harness.Until(t, "the first signal is taken", func() bool {
			_, err := os.Stat(socket)
			return os.IsNotExist(err)
		})
		s.Signal(t, second)
		if status := s.Wait(t); status != 128+int(second) {
			t.Errorf("exit status %d after a second %v", status, second)
		}
		harness.NothingLeft(t, s)
		if _, err := os.Stat(socket); !os.IsNotExist(err) {
			t.Errorf("the socket file: %v", err)
		}
	}
}

// Killed without a chance to clean up, the server leaves nothing either.
func TestKilledServerLeavesNothing(t *testing.T) {
	t.Parallel()
	for what, program := range sticky {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			socket := filepath.Join(t.TempDir(), "s.sock")
			s := harness.Options{Bin: harness.Binary(t), Unix: socket, Args: program}.Start(t)
			for range 3 {
				s.Connect(t).Expect(t, "up")
			}
			s.Signal(t, syscall.SIGKILL)
			s.Wait(t)
			harness.NothingLeft(t, s)
			harness.Until(t, "the socket file is removed", func() bool {
				_, err := os.Stat(socket)
				return os.IsNotExist(err)
			})
		})
	}
}

// A guardian that was killed is replaced and knows what the first one knew.
func TestKilledGuardianIsReplaced(t *testing.T) {
	t.Parallel()
	s := start(t, "sh", "-c", "sleep 600 & echo up; cat")
	c := s.Connect(t)
	c.Expect(t, "up")
	first := nextGuardian(t, s, 0)
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	nextGuardian(t, s, first)
	s.Out.Await(t, "the guardian was gone and is started again") // and knows everything
	c.Text("still here")
	c.Expect(t, "still here")
	s.Signal(t, syscall.SIGKILL)
	s.Wait(t)
	harness.NothingLeft(t, s)
}

// The guardian dies, and the server stops as ever.
func TestStopWithoutGuardian(t *testing.T) {
	t.Parallel()
	s := start(t, stubborn...)
	c := s.Connect(t)
	c.Expect(t, "up")
	if pid := s.Guardian(); pid != 0 {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	s.Signal(t, syscall.SIGTERM)
	c.Ends(t, 1001, "")
	if status := s.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
	harness.NothingLeft(t, s)
}
