package harness

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Options say how to start a server.
type Options struct {
	Bin  string   // the binary under test
	Args []string // flags, then the command
	Env  []string // added to an environment of PATH and the mark only
	Dir  string   // working directory

	Unix    string   // listen on this unix socket instead of TCP
	PassEnv []string // names passed to children in addition to PATH and the mark
	Bare    bool     // add no flags at all; Args must listen on 127.0.0.1:Port
	Port    int      // 0 takes a free one
	Shell   string   // shell code to run before the server: "ulimit -n 64"

	Stdout, Stderr *os.File   // where the server writes; nil: captured
	Files          []*os.File // its descriptors from 3 on
}

// languages are interpreters in the commands of tests that a machine may not have.
var languages = []string{"perl", "python3", "node", "awk"}

// raceOptions keep a server built with -race from sleeping a second at its end.
const raceOptions = "GORACE=atexit_sleep_ms=0"

// Server is a running websocketd.
type Server struct {
	Addr string // host:port, or the path of the unix socket
	Port int
	PID  int
	Exe  string // a link that only this server and its guardian run
	Mark string // carried by every child

	Out, Err *Lines // its captured output

	network string
	peer    bool
	cmd     *exec.Cmd
	done    chan struct{} // closed when the process was reaped
	stopped bool          // the test ended it itself
	asked   bool          // asked to end: a second signal would end it by force

	secretFiles, secrets []string // of its flags, and what they had when it was started
}

// Start runs bin on a free loopback port with more flags and a command.
func Start(t T, bin string, args ...string) *Server {
	t.Helper()
	return Options{Bin: bin, Args: args}.Start(t)
}

// Start runs the server and waits until it accepts connections. When the test ends
// the server is stopped, and must have left nothing.
func (o Options) Start(t T) *Server {
	t.Helper()
	s := o.Launch(t)
	ready := func() bool {
		if s.Exited() {
			return true
		}
		c, err := net.DialTimeout(s.network, s.Addr, time.Second)
		if err != nil {
			return false
		}
		c.Close()
		return true
	}
	Until(t, "the server accepts connections", ready)
	if s.Exited() {
		t.Fatalf("the server ended at once: %v\n%s%s", s.cmd.ProcessState, s.Out, s.Err)
	}
	return s
}

// Launch is Start without waiting for readiness, for servers that may refuse to
// start.
func (o Options) Launch(t T) *Server {
	t.Helper()
	for _, arg := range o.Args {
		if slices.Contains(languages, arg) {
			Need(t, arg)
		}
	}
	s := &Server{Mark: rand.Text(), network: "tcp", peer: IsPeer(o.Bin), done: make(chan struct{})}
	s.Exe = privateLink(t, o.Bin)
	if s.Port = o.Port; s.Port == 0 && o.Unix == "" {
		s.Port = FreePort(t)
	}
	s.Addr = "127.0.0.1:" + strconv.Itoa(s.Port)
	if o.Unix != "" {
		s.network, s.Addr = "unix", o.Unix
	}
	s.secretFiles = o.secretFiles()
	s.secrets = secretsIn(s.secretFiles)
	args := append(o.flags(s), o.Args...)
	s.cmd = exec.Command(s.Exe, args...)
	if o.Shell != "" {
		s.cmd = exec.Command("sh", append([]string{"-c", o.Shell + `; exec "$0" "$@"`, s.Exe}, args...)...)
	}
	s.cmd.Dir, s.cmd.ExtraFiles = o.Dir, o.Files
	s.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), MarkName + "=" + s.Mark, raceOptions}, o.patience()...)
	var closeOut, closeErr func()
	s.Out, s.cmd.Stdout, closeOut = capture(t, o.Stdout)
	s.Err, s.cmd.Stderr, closeErr = capture(t, o.Stderr)
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("start: %v", err)
	}
	closeOut()
	closeErr()
	s.PID = s.cmd.Process.Pid
	go func() { s.cmd.Wait(); close(s.done) }()
	t.Cleanup(func() { s.cleanup(t) })
	return s
}

// patience returns the test's variables, and one that makes the server wait ten minutes for a
// client that a busy machine keeps from answering a ping, unless the test is about pings.
func (o Options) patience() []string {
	all := strings.ToLower(strings.Join(slices.Concat(o.Args, o.Env), "\n"))
	if o.Bare || IsPeer(o.Bin) || strings.Contains(all, "pingms") || strings.Contains(all, "--config") {
		return o.Env
	}
	return append([]string{"WEBSOCKETD_PINGMS=300000"}, o.Env...)
}

func (o Options) flags(s *Server) []string {
	if o.Bare {
		return nil
	}
	flags := []string{"--passenv=" + strings.Join(append([]string{"PATH", MarkName}, o.PassEnv...), ",")}
	if o.Unix != "" {
		return append(flags, "--unixsocket="+o.Unix)
	}
	return append(flags, "--address=127.0.0.1", "--port="+strconv.Itoa(s.Port))
}

// privateLink returns a path of the binary for one server only, so that /proc/PID/exe
// tells this server and its guardian from those of other tests.
func privateLink(t T, bin string) string {
	t.Helper()
	dir := t.TempDir()
	link := filepath.Join(dir, "websocketd")
	if os.Link(bin, link) == nil {
		return link
	}
	data, err := os.ReadFile(bin)
	if err == nil {
		err = os.WriteFile(link, data, 0o755)
	}
	if err != nil {
		t.Fatalf("copy %s: %v", bin, err)
	}
	return link
}

func capture(t T, given *os.File) (*Lines, *os.File, func()) {
	t.Helper()
	if given != nil {
		return &Lines{}, given, func() {}
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatalf("%v", err)
	}
	lines := &Lines{done: make(chan struct{})}
	go func() {
		defer close(lines.done)
		io.Copy(lines, r)
		r.Close()
	}()
	return lines, w, func() { w.Close() }
}

// Exited reports whether the server process has ended.
func (s *Server) Exited() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// Signal sends sig to the server process only.
func (s *Server) Signal(t T, sig syscall.Signal) {
	t.Helper()
	s.asked = s.asked || sig == syscall.SIGTERM || sig == syscall.SIGINT
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatalf("signal %v: %v", sig, err)
	}
}

// Wait waits until the server has ended and returns its exit status, or minus the
// signal that killed it. The test has then ended the server itself, and the cleanup
// no longer demands status 0.
func (s *Server) Wait(t T) int {
	t.Helper()
	s.stopped = true
	Until(t, "the server ends", s.Exited)
	s.Out.wait()
	s.Err.wait()
	status := s.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return -int(status.Signal())
	}
	return status.ExitStatus()
}

// Children returns the pids of the server's processes and of their descendants.
func (s *Server) Children() []int { return Children(s.Mark, s.Exe) }

// Everything returns the pids of Children, the guardian, and the server itself.
func (s *Server) Everything() []int { return Marked(s.Mark, s.Exe) }

// Guardian returns the pid of the server's guardian, or 0.
func (s *Server) Guardian() int {
	for _, pid := range allPids() {
		// In this order: a copy of the server may call exec between two looks.
		if pid != s.PID && !isFork(pid, s.PID) && runs(pid, s.Exe) && Alive(pid) {
			return pid
		}
	}
	return 0
}

// isFork reports whether pid is a copy of parent that has not yet called exec.
func isFork(pid, parent int) bool {
	a, errA := os.ReadFile(procFile(pid, "cmdline"))
	b, errB := os.ReadFile(procFile(parent, "cmdline"))
	return errA == nil && errB == nil && string(a) == string(b)
}

// cleanup stops the server politely and checks what it left. What a failed test left
// is killed by pid.
func (s *Server) cleanup(t T) {
	t.Helper()
	if !s.stopped {
		if !s.asked {
			s.cmd.Process.Signal(syscall.SIGTERM)
		}
		if !Within(Patience(t), s.Exited) {
			t.Errorf("the server did not end at SIGTERM")
			s.cmd.Process.Signal(syscall.SIGQUIT) // so that it prints its goroutines
			Within(Patience(t), s.Exited)
		}
	}
	if !s.peer {
		s.checkEnd(t)
	}
	s.killAll()
	<-s.done
	s.Out.wait()
	s.Err.wait()
	s.checkSecrets(t)
	if t.Failed() {
		t.Logf("server stdout:\n%sserver stderr:\n%s", s.Out, s.Err)
	}
}

func (s *Server) checkEnd(t T) {
	t.Helper()
	if s.Exited() && !s.stopped && !s.cmd.ProcessState.Success() {
		t.Errorf("stopped by SIGTERM the server ended with %v, not status 0", s.cmd.ProcessState)
	}
	if s.Exited() && !Within(Patience(t), func() bool { return len(s.Everything()) == 0 }) {
		t.Errorf("left behind after the server: %s", describe(s.Everything()))
	}
	for _, bad := range []string{"WARNING: DATA RACE", "panic:", "fatal error:"} {
		if s.Err.Has(bad) || s.Out.Has(bad) {
			t.Errorf("the server printed %q:\n%s", bad, s.Err)
		}
	}
}

func (s *Server) killAll() {
	for !Within(time.Second, func() bool { return len(s.Everything()) == 0 }) {
		for _, pid := range s.Everything() {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				panic(fmt.Sprintf("kill %d: %v", pid, err))
			}
		}
	}
}
