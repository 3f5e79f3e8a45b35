package process

import (
	"os"
	"os/signal"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// strangerPause is how long a zombie that nobody waits for may lie about.
const strangerPause = time.Second

// becomeSubreaper makes this process the parent of its orphaned descendants, so
// that the end of a group can be waited for.
func becomeSubreaper() error {
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
}

// strangers are children this process never started: orphans it adopted as a
// subreaper or as PID 1. Nobody waits for them, so they are collected in
// passing.
type strangers struct {
	signals chan os.Signal
	timer   *time.Timer
	armed   bool
}

func newStrangers(adopts bool) *strangers {
	s := &strangers{timer: time.NewTimer(time.Hour)}
	s.timer.Stop()
	if adopts || os.Getpid() == 1 {
		s.signals = make(chan os.Signal, 1)
		signal.Notify(s.signals, unix.SIGCHLD)
	}
	return s
}

func (s *strangers) stop() {
	s.timer.Stop()
	if s.signals != nil {
		signal.Stop(s.signals)
	}
}

// arm collects once a second at most, however many children end.
func (s *strangers) arm() {
	if !s.armed {
		s.armed = true
		s.timer.Reset(strangerPause)
	}
}

// reap collects every zombie up to the first one that known claims, whose owner
// will collect it; the rest then waits for the next round.
func (s *strangers) reap(known func(pid int) bool) {
	s.armed = false
	for {
		pid := zombie()
		if pid == 0 {
			return
		}
		if known(pid) {
			s.arm()
			return
		}
		unix.Wait4(pid, nil, unix.WNOHANG, nil)
	}
}

// zombie is the pid of a child that has ended, without collecting it; 0 is none.
func zombie() int {
	var info unix.Siginfo
	if unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil) != nil {
		return 0
	}
	// siginfo_t: three ints, aligned to a pointer, then si_pid. x/sys does not
	// name the fields behind si_code.
	const siPid = 8 + unsafe.Sizeof(uintptr(0))
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(&info), siPid)))
}
