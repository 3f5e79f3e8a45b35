//go:build unix

package process

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// guardianName is argv[0] and the command name of a guardian. It has nothing in
// common with the server's name, so that killing all servers by name spares the
// guardian.
const guardianName = "wsguardian"

// ordersVariable is set in the environment of a guardian, and of no other process.
const ordersVariable = "WSGUARDIAN"

// tableDescriptor is the descriptor of the table in a guardian.
const tableDescriptor = 3

// cleanWait limits how long a guardian goes on killing.
const cleanWait = 10 * time.Second

// lockWait limits how long a guardian waits for the lock of a socket, which a
// successor of the server may hold by now.
const lockWait = 5 * time.Second

// guardianPath returns the path of this very executable, even when its file was
// replaced.
func guardianPath() (string, error) {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}

// startGuardian starts a guardian. It returns our ends of the pipe the guardian
// listens to and of the pipe in which it reports that it is ready. The guardian
// inherits nothing else but the table, so that it keeps no output open.
func startGuardian(table *os.File, orders string) (pid int, pipe, readyPipe *os.File, err error) {
	path, err := guardianPath()
	if err != nil {
		return 0, nil, nil, err
	}
	var files [5]*os.File // its three, then ours
	defer func() {
		closeAll(files[:3])
		if err != nil {
			closeAll(files[3:])
		}
	}()
	if files[0], files[3], err = os.Pipe(); err != nil {
		return 0, nil, nil, err
	}
	if files[4], files[1], err = os.Pipe(); err != nil {
		return 0, nil, nil, err
	}
	if files[2], err = os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil {
		return 0, nil, nil, err
	}
	defer BeginFork()()
	proc, err := os.StartProcess(path, []string{guardianName}, &os.ProcAttr{
		Dir:   "/",
		Env:   guardianEnvironment(orders),
		Files: []*os.File{files[0], files[1], files[2], table},
		Sys:   groupAttributes(false),
	})
	if err != nil {
		return 0, nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	defer proc.Release()
	return proc.Pid, files[3], files[4], nil
}

// guardianEnvironment returns the whole environment of a guardian. GORACE is for our
// tests: a program built with the race detector takes a second to end, unless this
// variable says otherwise.
func guardianEnvironment(orders string) []string {
	env := []string{"GOMAXPROCS=1", ordersVariable + "=" + orders}
	if race := os.Getenv("GORACE"); race != "" {
		env = append(env, "GORACE="+race)
	}
	return env
}

// GuardianMain runs the guardian. In any other process it returns at once; in a
// guardian it never returns. A command that uses Guard calls it first thing in main.
func GuardianMain() {
	text := os.Getenv(ordersVariable)
	if os.Args[0] != guardianName || text == "" {
		return
	}
	// A signal meant for the server and all its processes must not end the guardian.
	// Only the end of its input does. One that comes before this does end it, because Go's
	// runtime begins with these signals unblocked; then the server starts another.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE, syscall.SIGUSR1, syscall.SIGUSR2)
	os.WriteFile("/proc/self/comm", []byte(guardianName), 0) // Linux only, and only for ps
	w := wards{}
	if err := json.Unmarshal([]byte(text), &w.orders); err != nil {
		os.Exit(1)
	}
	os.Stdout.Write([]byte{'\n'}) // ready
	os.Stdout.Close()
	io.Copy(io.Discard, os.Stdin) // nothing is ever written to it
	w.listed, _ = readTable(os.NewFile(tableDescriptor, "table"))
	w.clean()
	os.Exit(0)
}

// wards are the sessions a guardian has to end and the files it has to remove.
type wards struct {
	orders
	listed
}

// clean ends every session listed and all descendants of a process that was being
// started, and removes the sockets. It looks again until it has twice found nothing
// to kill: a process that is killed may have started another meanwhile.
func (w *wards) clean() {
	defer w.removeSockets()
	defer w.removeCgroups()
	if len(w.sessions) == 0 && w.starting == 0 {
		return // the server has ended them all itself
	}
	began := time.Now()
	for found := 2; found > 0 && time.Since(began) < cleanWait; found-- {
		for pid := range w.left() {
			if syscall.Kill(pid, syscall.SIGKILL) == nil {
				found = 3
			}
		}
		time.Sleep(time.Millisecond)
	}
}

// removeCgroups ends what has left a session but not its control group, and removes the groups.
func (w *wards) removeCgroups() {
	for began := time.Now(); !removeCgroups(w.Server) && time.Since(began) < cleanWait; {
		time.Sleep(time.Millisecond)
	}
}

// removeSockets removes the sockets. The pipe ends while the system is still taking
// the server apart, so the server's lock may be released a little later.
func (w *wards) removeSockets() {
	began := time.Now()
	for _, socket := range w.Sockets {
		for !socket.remove() && time.Since(began) < lockWait {
			time.Sleep(time.Millisecond)
		}
	}
}
