package process

import (
	"os"
	"os/signal"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// reapPause limits how long an adopted zombie stays uncollected.
const reapPause = time.Second

// becomeSubreaper makes this process the parent of its orphaned descendants, so that
// it can wait for the end of a group.
func becomeSubreaper() error {
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
}

// orphanReaper collects children this process never started: orphans it adopted as a
// subreaper or as PID 1. No other goroutine waits for them. It works only for a
// command, which knows all its children; in a library they may belong to other code.
//
// While a collection is due it does not listen to SIGCHLD: each wake-up would cost a
// short connection a tenth of its time.
type orphanReaper struct {
	adopts  bool
	signals chan os.Signal
	timer   *time.Timer
}

func newOrphanReaper(adopts bool) *orphanReaper {
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

// arm schedules a collection: at most one per second, however many children end.
func (s *orphanReaper) arm() {
	signal.Stop(s.signals)
	s.timer.Reset(reapPause)
}

// reap collects every zombie that known does not claim. A claimed zombie is left to
// its owner. But the kernel reports it before all others, maybe for as long as a slow
// client takes to read; then the other zombies are looked up in /proc.
func (s *orphanReaper) reap(known func(pid int) bool) {
	s.listen() // first, so that a child that ends now is noticed in the next round
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

// zombie returns the pid of a child that has ended, without collecting it, or 0.
func zombie() int {
	var info unix.Siginfo
	if unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil) != nil {
		return 0
	}
	// siginfo_t: three ints, aligned to a pointer, then si_pid. x/sys does not name the
	// fields after si_code.
	const siPid = 8 + unsafe.Sizeof(uintptr(0))
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(&info), siPid)))
}

// zombies returns the pids of all children that have ended, from /proc, which is
// slow.
func zombies() (found []int) {
	for _, pid := range processes() {
		if s, ok := statOf(strconv.Itoa(pid)); ok && s.state == 'Z' && s.parent == os.Getpid() {
			found = append(found, pid)
		}
	}
	return found
}
