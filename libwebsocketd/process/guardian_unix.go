//go:build unix

package process

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// guardianName is argv[0] and the command name of a guardian. It shares nothing
// with the server's name, so that killing all servers by name leaves it to do
// its work.
const guardianName = "wsguardian"

// guardianPath is this very executable, even when its file was replaced.
func guardianPath() (string, error) {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}

// GuardianMain is the whole life of a guardian. In any other process it returns
// at once; in a guardian it never returns. A command that uses Guard calls it
// first thing in main.
func GuardianMain() {
	if len(os.Args) != 1 || os.Args[0] != guardianName {
		return
	}
	// A signal meant for the server's whole family must not take the last
	// witness away. What ends a guardian is the end of its input.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	os.WriteFile("/proc/self/comm", []byte(guardianName), 0) // Linux only, and only for ps
	w := watch(guardianInput())
	w.clean()
	os.Exit(0)
}

// wards is what a guardian would have to end and remove.
type wards struct {
	groups  map[int]bool
	sockets map[string]os.FileInfo
}

// watch reads +pgid, -pgid and socket "PATH", a line each, until the end.
func watch(r io.Reader) *wards {
	w := &wards{groups: make(map[int]bool), sockets: make(map[string]os.FileInfo)}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		w.note(lines.Text())
	}
	return w
}

func (w *wards) note(line string) {
	if quoted, ok := strings.CutPrefix(line, "socket "); ok {
		path, _ := strconv.Unquote(quoted)
		if info, err := os.Lstat(path); err == nil {
			w.sockets[path] = info
		}
		return
	}
	// Never 0 or 1: kill(2) gives both a meaning far from one group.
	pgid, err := strconv.Atoi(line)
	switch {
	case err != nil:
	case pgid > 1:
		w.groups[pgid] = true
	case pgid < -1:
		delete(w.groups, -pgid)
	}
}

// clean ends every group still listed and removes the sockets, unless another
// server has put its own in their place.
func (w *wards) clean() {
	for pgid := range w.groups {
		syscall.Kill(-pgid, syscall.SIGKILL)
	}
	for path, was := range w.sockets {
		if is, err := os.Lstat(path); err == nil && os.SameFile(was, is) {
			os.Remove(path)
		}
	}
}

// startGuardian starts one and returns our ends of the pipe it listens to, and of
// its bell. It inherits nothing else, so that it keeps nobody's output open.
func startGuardian() (proc *os.Process, pipe, bell *os.File, err error) {
	path, err := guardianPath()
	if err != nil {
		return nil, nil, nil, err
	}
	var files [5]*os.File // its two ends, ours, and nothing
	defer func() {
		closeAll(files[:2])
		closeAll(files[4:])
		if err != nil {
			closeAll(files[2:4])
		}
	}()
	if files[0], files[2], err = os.Pipe(); err != nil {
		return nil, nil, nil, err
	}
	if files[1], files[3], err = os.Pipe(); err != nil {
		return nil, nil, nil, err
	}
	if files[4], err = os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil {
		return nil, nil, nil, err
	}
	proc, err = os.StartProcess(path, []string{guardianName}, &os.ProcAttr{
		Dir:   "/",
		Env:   []string{"GOMAXPROCS=1"},
		Files: []*os.File{files[0], files[4], files[4], files[1]},
		Sys:   groupAttributes(false),
	})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return proc, files[2], files[3], nil
}

const bellDescriptor = 3
