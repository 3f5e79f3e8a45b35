package promises

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// kills is how often each is killed; KILLS=200 is the long run.
func kills(t *testing.T) int {
	if n, err := strconv.Atoi(os.Getenv("KILLS")); err == nil {
		return n
	}
	return 3
}

// families are programs that have started something by the time they are killed.
var families = [][]string{
	{"sh", "-c", "sleep 1000 & wait"},
	{"sh", "-c", "sleep 1001 </dev/null >/dev/null 2>&1 & wait"},  // holds none of our pipes
	{"sh", "-c", "timeout 1002 sleep 1003 & wait"},                // has a group of its own
	{"sh", "-c", "env -i /bin/sleep 1004 <&- >&- 2>&- & wait"},    // nor carries our environment
	{"sh", "-c", "(sleep 1005 & sleep 1006 & exec sleep 1007) &"}, // has an orphan
}

// leader is the command name of the program of each.
const leader = "sh"

// Whoever of the server and its guardian is killed, and whenever: nothing is left.
// Four clients come and go meanwhile. Of both within the same moment only the
// children of programs are left, never a program.
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	var survived atomic.Int64
	t.Cleanup(func() {
		t.Logf("of both killed within 50 ms, %d processes were left", survived.Load())
	})
	for name, flags := range map[string][]string{"plain": nil, "prefork": {"--prefork=20"}, "shared": {"--shared"}} {
		for victims, kill := range map[string]func(*testing.T, *harness.Server){
			"server":           killServer,
			"guardian":         killGuardian,
			"stopped guardian": stopGuardian,
			"guardian twice":   killGuardianTwice,
			"both":             killBoth,
		} {
			t.Run(name+", "+victims, func(t *testing.T) {
				t.Parallel()
				for i := range kills(t) {
					s := start(t, append(flags, families[i%len(families)]...)...)
					leave := besiege(t, s)
					kill(t, s)
					s.Wait(t)
					leave()
					if victims == "both" {
						survived.Add(int64(awaitOnlyChildren(t, s)))
						continue
					}
					harness.NothingLeft(t, s)
				}
			})
		}
	}
}

// besiege has four clients connect in loops, and returns when some have.
func besiege(t *testing.T, s *harness.Server) (leave func()) {
	var all sync.WaitGroup
	var came atomic.Int64
	left := make(chan struct{})
	for range 4 {
		all.Go(func() {
			for {
				select {
				case <-left:
					return
				default:
				}
				if visit(s.Addr) {
					came.Add(1)
				} else if s.Exited() {
					return
				}
			}
		})
	}
	enough := 1 + rand.Int64N(40)
	harness.Until(t, "clients come and go", func() bool { return came.Load() >= enough })
	return func() { close(left); all.Wait() }
}

// visit connects, waits for the answer, and leaves.
func visit(addr string) bool {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	c.Write([]byte(harness.Handshake("/").String()))
	n, _ := c.Read(make([]byte, 1024))
	return n > 0
}

func killServer(t *testing.T, s *harness.Server) { s.Signal(t, syscall.SIGKILL) }

func killGuardian(t *testing.T, s *harness.Server) { replaceGuardian(t, s, syscall.SIGKILL) }

func stopGuardian(t *testing.T, s *harness.Server) { replaceGuardian(t, s, syscall.SIGSTOP) }

// replaceGuardian signals the guardian, and kills the server when there is another.
func replaceGuardian(t *testing.T, s *harness.Server, sig syscall.Signal) {
	syscall.Kill(s.Guardian(), sig)
	s.Out.Await(t, "the guardian was gone and is started again")
	killServer(t, s)
}

// killGuardianTwice kills the guardian and the next one, which may not be ready yet, and
// the server when there is another.
func killGuardianTwice(t *testing.T, s *harness.Server) {
	first := nextGuardian(t, s, 0)
	syscall.Kill(first, syscall.SIGKILL)
	second := nextGuardian(t, s, first)
	syscall.Kill(second, syscall.SIGKILL)
	nextGuardian(t, s, second)
	killServer(t, s)
}

// nextGuardian waits for a guardian that is not the last one.
func nextGuardian(t *testing.T, s *harness.Server, last int) (pid int) {
	t.Helper()
	harness.Until(t, "there is another guardian", func() bool {
		pid = s.Guardian()
		return pid != 0 && pid != last
	})
	return pid
}

// killBoth kills both in any order within 50 ms.
func killBoth(t *testing.T, s *harness.Server) {
	first, second := s.PID, s.Guardian()
	if rand.IntN(2) == 0 {
		first, second = second, first
	}
	syscall.Kill(first, syscall.SIGKILL)
	<-time.After(rand.N(50 * time.Millisecond))
	syscall.Kill(second, syscall.SIGKILL)
	syscall.Kill(s.PID, syscall.SIGKILL)
}

// awaitOnlyChildren waits until neither the guardian nor a program is left, ends what
// the programs had started, and returns how many that were.
func awaitOnlyChildren(t *testing.T, s *harness.Server) int {
	t.Helper()
	harness.Until(t, "no program is left", func() bool {
		for _, pid := range s.Everything() {
			comm, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
			if string(comm) == leader+"\n" || len(s.Children()) != len(s.Everything()) {
				return false
			}
		}
		return true
	})
	left := map[int]bool{}
	harness.Until(t, "they are ended", func() bool { // and what they were just starting
		all := s.Children()
		for _, pid := range all {
			left[pid] = true
		}
		killAll(all)
		return len(s.Everything()) == 0
	})
	return len(left)
}

// The guardian's list holds the processes there are, and nobody else: a number it kept
// would be another's some day.
func TestGuardianForgets(t *testing.T) {
	t.Parallel()
	s := start(t, "sh", "-c", "echo up; cat")
	s.Connect(t).Expect(t, "up")
	for range 5 {
		c := s.Connect(t)
		c.Expect(t, "up")
		if n := len(listed(t, s)); n != 2 {
			t.Fatalf("%d processes are listed, and there are 2", n)
		}
		c.Leave(t)
		harness.Until(t, "one process is listed", func() bool { return len(listed(t, s)) == 1 })
	}
}

// listed is the guardian's list: two numbers, then two for each process, of which the
// first is its session, or 0.
func listed(t *testing.T, s *harness.Server) (sessions []uint64) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/fd/3", s.Guardian()))
	if err != nil {
		t.Fatal(err)
	}
	used := binary.NativeEndian.Uint64(text)
	for e := range used {
		if session := binary.NativeEndian.Uint64(text[16*(e+1):]); session != 0 {
			sessions = append(sessions, session)
		}
	}
	return sessions
}

// A program dies with the thread that forked it, so no thread of the server may end.
func TestThreadsStay(t *testing.T) {
	t.Parallel()
	s := start(t, "sh", "-c", "echo up; cat")
	threads := make(map[string]bool)
	for range 20 {
		c := s.Connect(t)
		c.Expect(t, "up")
		now, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", s.PID))
		if err != nil {
			t.Fatal(err)
		}
		still := 0
		for _, thread := range now {
			if threads[thread.Name()] {
				still++
			}
		}
		if still < len(threads) {
			t.Fatalf("of %d threads %d are left", len(threads), still)
		}
		for _, thread := range now {
			threads[thread.Name()] = true
		}
		c.Leave(t)
	}
}
