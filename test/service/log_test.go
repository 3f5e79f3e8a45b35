package service

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// environ is the environment that a process was started with, each variable after a NUL.
func environ(t *testing.T, pid int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		t.Fatal(err)
	}
	return "\x00" + string(text)
}

// journal is a stream as systemd connects it to standard output: its lines, the end of the server,
// and the value of JOURNAL_STREAM.
func journal(t *testing.T) (lines *harness.Lines, end *os.File, stream string) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "journal"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if end, err = c.(*net.UnixConn).File(); err != nil {
		t.Fatal(err)
	}
	lines = &harness.Lines{}
	go func() {
		defer far.Close()
		buffer := make([]byte, 1<<16)
		for {
			n, err := far.Read(buffer)
			if err != nil {
				return
			}
			lines.Write(buffer[:n])
		}
	}()
	var stat syscall.Stat_t
	if err := syscall.Fstat(int(end.Fd()), &stat); err != nil {
		t.Fatal(err)
	}
	return lines, end, fmt.Sprintf("JOURNAL_STREAM=%d:%d", stat.Dev, stat.Ino)
}

// In the journal lines have priorities and no time of their own; where JOURNAL_STREAM is of another
// stream, as behind a pipe, they are as ever.
func TestJournal(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, stream, flag string
		want               *regexp.Regexp
	}{
		{"journal", "", "--loglevel=access", regexp.MustCompile(`(?m)^<6>INFO   \| server     \|  \| Starting WebSocket server`)},
		{"another", "JOURNAL_STREAM=1:1", "--loglevel=access", regexp.MustCompile(`(?m)^[A-Z][a-z]{2}, .* \| INFO   \| server     \|  \| Starting`)},
		{"text", "", "--logformat=text", regexp.MustCompile(`(?m)^[A-Z][a-z]{2}, .* \| INFO   \| server     \|  \| Starting`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			lines, end, stream := journal(t)
			o := options(t, test.flag, "sh", "-c", "echo oops >&2; echo fine")
			if o.Stdout = end; test.stream != "" {
				stream = test.stream
			}
			o.Env = []string{stream}
			s := o.Start(t)
			s.Connect(t).Ends(t, 1000, "exit status 0")
			harness.Until(t, "its end is logged", func() bool { return lines.Has("DISCONNECT") })
			if log := lines.String(); !test.want.MatchString(log) {
				t.Errorf("the log is\n%s", log)
			}
			if test.name == "journal" && (!lines.Has("<3>ERROR  | stderr     |") || !lines.Has("<6>ACCESS | session    |")) {
				t.Errorf("the log is\n%s", lines)
			}
			stop(t, s)
			end.Close()
		})
	}
}

// SIGHUP opens the log again, with a configuration file and without one, and loses no line. A
// server with a log does not end by SIGHUP.
func TestRotation(t *testing.T) {
	t.Parallel()
	for _, hasFile := range []bool{false, true} {
		t.Run(fmt.Sprintf("config %v", hasFile), func(t *testing.T) {
			t.Parallel()
			o := options(t, "--logfile=log", "cat")
			if hasFile {
				o.Args = []string{"--logfile=log", "--config=f.toml"}
				write(t, o, "f.toml", "[program.a]\npath = \"/\"\ncommand = [\"cat\"]\n")
			}
			s := o.Start(t)
			awaitIn(t, o, "log", "Starting WebSocket server")
			c := s.Connect(t)
			awaitIn(t, o, "log", "CONNECT")
			if err := os.Rename(filepath.Join(o.Dir, "log"), filepath.Join(o.Dir, "log.1")); err != nil {
				t.Fatal(err)
			}
			s.Signal(t, syscall.SIGHUP)
			awaitIn(t, o, "log", "Log opened again            : log")
			c.Leave(t)
			awaitIn(t, o, "log", "DISCONNECT")
			if strings.Contains(read(o, "log.1"), "DISCONNECT") || s.Out.String() != "" {
				t.Errorf("the old file has\n%s\nstandard output\n%s", read(o, "log.1"), s.Out)
			}
			if hasFile {
				awaitIn(t, o, "log", "Configuration read again")
			}
			stop(t, s)
			awaitIn(t, o, "log", "Stopping")
		})
	}
}

// What keeps a server with a log from starting is told where it was started, too.
func TestNoLog(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args   []string
		status int
		err    string
	}{
		{[]string{"--logfile=none/log", "cat"}, 2, "--logfile: open none/log: no such file or directory"},
		{[]string{"--logfile=log", "--unixsocket=none/socket", "cat"}, 3, "Can't start server: "},
		{[]string{"--logfile=public/log", "--staticdir=public", "cat"}, 2, "--logfile: public/log: this file would be served by --staticdir"},
	} {
		o := options(t, test.args...)
		write(t, o, "public/page.html", "page")
		s := o.Launch(t)
		if status := s.Wait(t); status != test.status || !strings.Contains(s.Err.String(), test.err) {
			t.Errorf("%q: status %d, %q", test.args, status, s.Err)
		}
	}
}
