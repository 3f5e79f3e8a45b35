package service

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// leaves is a command that ends by itself when nobody uses it, as a service that systemd starts
// for its first client.
const leaves = "--exitidle=2s"

// Without clients the server ends with status 0, and while there is one it does not.
func TestIdle(t *testing.T) {
	t.Parallel()
	s := options(t, leaves, "cat").Start(t)
	c := s.Connect(t)
	// A server that nobody uses ends in twice the time.
	other := options(t, "--exitidle=4s", "cat").Start(t)
	if status := other.Wait(t); status != 0 || !other.Out.Has("nobody was connected and nothing ran for 4s") {
		t.Errorf("status %d: %s", status, other.Out)
	}
	c.Echo(t, "still there")
	c.Leave(t)
	if status := s.Wait(t); status != 0 {
		t.Errorf("status %d", status)
	}
}

// What is kept for a client that has left keeps the server: a process that lingers, a session.
func TestIdleKeeps(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{{"--shared", "--linger=1h"}, {"--resume=1h"}} {
		t.Run(flags[0], func(t *testing.T) {
			t.Parallel()
			s := options(t, append(append([]string{leaves}, flags...), "cat")...).Start(t)
			c := s.Connect(t)
			c.Echo(t, "there")
			c.Leave(t)
			reference := options(t, "--exitidle=4s", "cat").Start(t)
			reference.Wait(t)
			if s.Exited() {
				t.Fatalf("it has ended: %s", s.Out)
			}
		})
	}
}

// Processes that are started ahead keep nobody.
func TestIdlePrefork(t *testing.T) {
	t.Parallel()
	s := options(t, leaves, "--prefork=2", "cat").Start(t)
	harness.Until(t, "both are started", func() bool { return s.Exited() || len(s.Children()) == 2 })
	if status := s.Wait(t); status != 0 {
		t.Errorf("status %d", status)
	}
}

// Where a process always runs, the flag is refused.
func TestIdleNever(t *testing.T) {
	t.Parallel()
	o := options(t, leaves, "--config=f.toml")
	write(t, o, "f.toml", "[program.a]\ncommand = [\"cat\"]\nlifetime = \"supervised\"\n")
	eager := options(t, leaves, "--shared", "--start=eager", "cat")
	for _, test := range []struct {
		o    harness.Options
		says string
	}{{o, "--exitidle never comes: a is supervised, and always runs"}, {eager, "--exitidle never comes: COMMAND is started with the server"}} {
		s := test.o.Launch(t)
		if status := s.Wait(t); status != 1 || !strings.Contains(s.Err.String(), test.says) {
			t.Errorf("status %d: %s", status, s.Err)
		}
	}
}

// A service of a .socket unit that has ended because nobody used it is started by the next client.
func TestIdleActivated(t *testing.T) {
	t.Parallel()
	web := []socket{tcpSocket(t, "web")}
	for range 2 {
		answered := make(chan string, 1)
		go func() {
			client := http.Client{Timeout: harness.Patience(t), Transport: &http.Transport{DisableKeepAlives: true}}
			answer, err := client.Post("http://"+web[0].at.String()+"/", "text/plain", bytes.NewBufferString("hello\n"))
			if err != nil {
				answered <- err.Error()
				return
			}
			defer answer.Body.Close()
			answered <- fmt.Sprint(answer.StatusCode)
		}()
		s := activated(t, web, leaves, "cat").Launch(t)
		if got := <-answered; got != "200" {
			t.Errorf("answered %s", got)
		}
		if status := s.Wait(t); status != 0 {
			t.Errorf("status %d: %s", status, s.Err)
		}
	}
}
