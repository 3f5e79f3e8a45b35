package process

import (
	"os"
	"os/signal"
	"strconv"
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

// orphanReaper are children this process never started: orphans it adopted as a
// subreaper or as PID 1. Nobody waits for them, so they are collected in
// passing; but only for a command, which knows all its children. In a library
// they may be somebody else's.
//
// While a collection is due nobody listens to SIGCHLD: to be woken by it costs a
// short connection a tenth of its time.
type orphanReaper struct {
	adopts  bool
	signals chan os.Signal
	timer   *time.Timer
}

func newStrangers(adopts bool) *orphanReaper {
	s := &orphanReaper{adopts: adopts, signals: make(chan os.Signal, 1), timer: time.NewTimer(time.Hour)}
	s.timer.Stop()
	s.listen()
	return s
}

func (s *orphanReaper) listen() {
	if s.adopts {
		signal.Notify(s.signals, unix.SIGCHLD)
	}
}

func (s *orphanReaper) stop() {
	s.timer.Stop()
	signal.Stop(s.signals)
}

// arm collects once a second at most, however many children end.
func (s *orphanReaper) arm() {
	signal.Stop(s.signals)
	s.timer.Reset(strangerPause)
}

// reap collects every zombie that known does not claim. One it does claim has an
// owner who will collect it, but stands before the others for the kernel, maybe
// as long as a slow client takes; then those behind it are looked for in /proc.
func (s *orphanReaper) reap(known func(pid int) bool) {
	s.listen() // first, so that whoever ends now is noticed in the next round
	for pid := zombie(); pid != 0; pid = zombie() {
		if known(pid) {
			for _, other := range zombies() {
				if !known(other) {
					unix.Wait4(other, nil, unix.WNOHANG, nil)
				}
			}
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

// zombies are the pids of all children that have ended, the slow way.
func zombies() (found []int) {
	for _, pid := range processes() {
		if s, ok := statOf(strconv.Itoa(pid)); ok && s.state == 'Z' && s.parent == os.Getpid() {
			found = append(found, pid)
		}
	}
	return found
}
