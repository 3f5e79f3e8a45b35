package manager

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// ticks is how many clock ticks /proc counts a second (USER_HZ), the same on all architectures that
// Go knows.
const ticks = 100

// Fields of /proc/PID/stat after the name, which ends with the last parenthesis (proc_pid_stat(5)).
const (
	statSession = 3
	statTimes   = 11 // utime, stime, cutime, cstime
	statRSS     = 21
)

// count returns what has been counted of sessions, by the PIDs of their leaders. It reads one file of
// each process of the machine, whatever session it is in: who is in one is known only there.
func count(leaders []int) map[int]counted {
	counts := make(map[int]counted, len(leaders))
	for _, pid := range leaders {
		counts[pid] = counted{}
	}
	if len(counts) == 0 {
		return counts
	}
	dir, err := os.Open("/proc")
	if err != nil {
		return counts
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1) // what was read until an error counts
	page := int64(os.Getpagesize())
	buf := make([]byte, 4096)
	for _, name := range names {
		if name[0] < '1' || name[0] > '9' {
			continue
		}
		session, cpu, pages := readStat(buf, name)
		if c, wanted := counts[session]; wanted {
			counts[session] = counted{c.cpu + cpu, c.memory + pages*page}
		}
	}
	return counts
}

// readStat reads the file of a process, which may be gone: then its session is 0.
func readStat(buf []byte, pid string) (session int, cpu time.Duration, pages int64) {
	f, err := os.Open("/proc/" + pid + "/stat")
	if err != nil {
		return 0, 0, 0
	}
	defer f.Close()
	n, _ := f.Read(buf)
	return parseStat(buf[:n])
}

// parseStat parses /proc/PID/stat.
func parseStat(text []byte) (session int, cpu time.Duration, pages int64) {
	_, rest, found := bytes.Cut(text[max(bytes.LastIndexByte(text, ')'), 0):], []byte(") "))
	if !found {
		return 0, 0, 0
	}
	var sum int64
	field := 0
	for value := range bytes.FieldsSeq(rest) {
		switch n, _ := strconv.ParseInt(string(value), 10, 64); {
		case field == statSession:
			session = int(n)
		case field >= statTimes && field < statTimes+4:
			sum += n
		case field == statRSS:
			pages = n
		}
		if field++; field > statRSS {
			break
		}
	}
	return session, time.Duration(sum) * (time.Second / ticks), pages
}
