package harness

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// NewPTY opens a pseudo-terminal of so many columns: what a terminal shows and types, and
// the terminal itself, for a process.
func NewPTY(t T, columns int) (screen, terminal *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		Skip(t, "ptmx", err.Error())
	}
	number := 0
	raw, err := screen.SyscallConn()
	if err == nil {
		raw.Control(func(fd uintptr) {
			if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
				number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
			}
			if err == nil {
				err = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: uint16(columns)})
			}
		})
	}
	if err == nil {
		terminal, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		screen.Close()
		t.Fatalf("a pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { screen.Close(); terminal.Close() })
	return screen, terminal
}

// TerminalState returns how a terminal treats what is typed and shown.
func TerminalState(t T, terminal *os.File) (state unix.Termios) {
	t.Helper()
	raw, err := terminal.SyscallConn()
	if err == nil {
		raw.Control(func(fd uintptr) {
			var now *unix.Termios
			if now, err = unix.IoctlGetTermios(int(fd), unix.TCGETS); err == nil {
				state = *now
			}
		})
	}
	if err != nil {
		t.Fatalf("the state of a terminal: %v", err)
	}
	return state
}
