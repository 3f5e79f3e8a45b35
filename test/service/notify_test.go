package service

import (
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// monotonic is the time that systemd compares MONOTONIC_USEC with, in microseconds.
func monotonic(t *testing.T) int64 {
	t.Helper()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		t.Fatal(err)
	}
	return now.Nano() / 1000
}

// The life of a service of Type=notify-reload: it is ready when clients can come, reads its file
// again at SIGHUP and says when, and announces its end. A file with a fault is told as ready, too:
// the server goes on with the one before.
func TestNotify(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	o := options(t, "--config=f.toml")
	write(t, o, "f.toml", "[program.a]\ncommand = [\"cat\"]\n")
	o.Env = []string{m.env()}
	s := o.Start(t)
	m.is(t, "READY", "1")
	for _, test := range []struct{ text, log string }{
		{"[program.b]\ncommand = [\"cat\"]\n", "new: b; gone: a"},
		{"nonsense = 1\n", "Configuration not taken"},
	} {
		write(t, o, "f.toml", test.text)
		began := monotonic(t)
		s.Signal(t, syscall.SIGHUP)
		when, _ := strconv.ParseInt(m.is(t, "RELOADING", "1")["MONOTONIC_USEC"], 10, 64)
		if now := monotonic(t); when < began || when > now {
			t.Errorf("it reloads at %d, not between %d and %d", when, began, now)
		}
		m.is(t, "READY", "1")
		s.Out.Await(t, test.log)
	}
	s.ConnectTo(t, "/b").Echo(t, "served after the reload")
	s.Signal(t, syscall.SIGTERM)
	if state := m.is(t, "STOPPING", "1"); len(state["EXTEND_TIMEOUT_USEC"]) < len("10000000") {
		t.Errorf("told %v", state)
	}
	if status := s.Wait(t); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// Without a file SIGHUP does not end a service: systemctl reload would be a restart.
func TestHangupOfService(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	o := options(t, "cat")
	o.Env = []string{m.env()}
	s := o.Start(t)
	m.is(t, "READY", "1")
	s.Signal(t, syscall.SIGHUP)
	m.is(t, "RELOADING", "1")
	m.is(t, "READY", "1")
	s.Connect(t).Echo(t, "still there")
}

// The watchdog is shown that the server lives, twice in each interval, while it serves.
func TestWatchdog(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	o := options(t, "cat")
	o.Env = []string{m.env(), "WATCHDOG_USEC=20000"}
	o.Shell = "export WATCHDOG_PID=$$"
	s := o.Start(t)
	beats := 0
	for beats < 5 {
		if m.next(t)["WATCHDOG"] == "1" {
			beats++
		}
	}
	stop(t, s)
}

// No process of ours sees what the manager has passed, not even if it is let through.
func TestManagersVariables(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	names := []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}
	o := options(t, "sh", "-c", "env; echo done")
	o.Env = []string{m.env(), "WATCHDOG_USEC=9000000", "WATCHDOG_PID=1", "LISTEN_PID=1", "LISTEN_FDS=1", "LISTEN_FDNAMES=a"}
	o.PassEnv = append(names, "OTHER")
	o.Env = append(o.Env, "OTHER=1")
	s := o.Start(t)
	seen, _ := s.Connect(t).Rest(t)
	if all := strings.Join(seen, "\n"); !strings.Contains(all, "OTHER=1") {
		t.Fatalf("the program sees %q", seen)
	}
	for _, line := range seen {
		for _, name := range names {
			if strings.HasPrefix(line, name+"=") {
				t.Errorf("the program sees %s", line)
			}
		}
	}
	for _, name := range names {
		if env := environ(t, s.Guardian()); strings.Contains(env, "\x00"+name+"=") {
			t.Errorf("the guardian sees %s", name)
		}
	}
}

// A manager that is not there is logged and keeps nobody from being served.
func TestNoManager(t *testing.T) {
	t.Parallel()
	o := options(t, "cat")
	o.Env = []string{"NOTIFY_SOCKET=/nowhere/notify"}
	s := o.Start(t)
	s.Out.Await(t, "the service manager cannot be told")
	s.Connect(t).Echo(t, "served")
}
