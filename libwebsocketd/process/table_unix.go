//go:build unix

package process

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mostEntries limits how many processes a table has room for. Its file is sparse: it
// uses memory only for the greatest number of processes that existed at the same
// time.
const mostEntries = 1 << 20

// errTableFull is the error of a start that could not be listed.
var errTableFull = fmt.Errorf("the guardian's list is full: %w", syscall.EAGAIN)

// table lists what a guardian has to end, in shared memory that outlives the server.
// Listing a process costs one store and wakes no process, and a guardian that takes
// over finds everything in place. Only the server writes.
//
// One process at a time is being started. Its mark is stored before the fork, so that
// its descendants can be found, and its pid after it. The pid is also the number of
// its session and first group. It is removed when nothing of the session is left.
type table struct {
	file   *os.File
	memory []byte
	head   *tableHead
	mark   uint64 // of the last start

	mu      sync.Mutex
	entries []tableEntry // nil once closed
	free    []int        // entries below head.used
}

type tableHead struct {
	used     atomic.Int64  // entries that were ever in use
	starting atomic.Uint64 // the mark of the start under way; 0 is none
}

// tableEntry holds a session and a time on the bootClock at which it existed.
type tableEntry struct {
	session atomic.Int64 // 0: the entry is free
	since   atomic.Int64
}

const (
	headSize  = int(unsafe.Sizeof(tableHead{}))
	entrySize = int(unsafe.Sizeof(tableEntry{}))
)

func newTable() (*table, error) {
	file, err := sharedFile()
	if err != nil {
		return nil, err
	}
	n := tableLength()
	size := headSize + n*entrySize
	if err := file.Truncate(int64(size)); err != nil {
		file.Close()
		return nil, err
	}
	memory, err := unix.Mmap(int(file.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		file.Close()
		return nil, os.NewSyscallError("mmap", err)
	}
	return &table{
		file:    file,
		memory:  memory,
		head:    (*tableHead)(unsafe.Pointer(&memory[0])),
		entries: unsafe.Slice((*tableEntry)(unsafe.Pointer(&memory[headSize])), n),
		mark:    firstMark(),
	}, nil
}

// tableLength returns how many processes there can be, by the descriptors they need.
// The file must also stay below the file size limit: exceeding it raises a signal.
func tableLength() int {
	n := uint64(mostEntries)
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil {
		n = min(n, uint64(limit.Cur))
	}
	if unix.Getrlimit(unix.RLIMIT_FSIZE, &limit) == nil {
		n = min(n, max(uint64(limit.Cur), 4096)/uint64(entrySize)-1)
	}
	return int(max(n, 1))
}

// announce reserves an entry for a process that is to be started, and marks it. Only
// the forking goroutine may call it, and add and withdraw.
func (t *table) announce() (entry int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if entry, err = t.reserve(); err != nil {
		return 0, err
	}
	t.mark++
	t.head.starting.Store(t.mark)
	setMark(t.mark)
	return entry, nil
}

// reserve returns a free entry; t.mu is held.
func (t *table) reserve() (entry int, err error) {
	if last := len(t.free) - 1; last >= 0 {
		entry, t.free = t.free[last], t.free[:last]
		return entry, nil
	}
	if entry = int(t.head.used.Load()); entry >= len(t.entries) {
		return 0, errTableFull
	}
	t.head.used.Add(1)
	return entry, nil
}

// enter lists a process that runs already. Unlike announce and add it may be called by any
// goroutine.
func (t *table) enter(pid int) (entry int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if entry, err = t.reserve(); err == nil {
		t.entries[entry].since.Store(bootClock())
		t.entries[entry].session.Store(int64(pid))
	}
	return entry, err
}

// add lists the process that was announced.
func (t *table) add(entry, pid int) {
	clearMark()
	t.entries[entry].since.Store(bootClock())
	t.entries[entry].session.Store(int64(pid))
	t.head.starting.Store(0)
}

// withdraw releases the entry of a process that could not be started.
func (t *table) withdraw(entry int) {
	clearMark()
	t.head.starting.Store(0)
	t.remove(entry)
}

// remove removes a process from the list.
func (t *table) remove(entry int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.entries != nil {
		t.entries[entry].session.Store(0)
		t.free = append(t.free, entry)
	}
}

// close unmaps the memory. A guardian that still runs keeps its file.
func (t *table) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.entries, t.head = nil, nil
	unix.Munmap(t.memory)
	t.file.Close()
}

// listed is what a guardian reads from a table: sessions, each with a time at which
// it existed, and the mark of a start that was under way.
type listed struct {
	sessions map[int]int64
	starting uint64
}

// readTable reads a table. It skips numbers that no session can have: to kill(2), 0
// and 1 mean far more than one group.
func readTable(file io.ReaderAt) (listed, error) {
	l := listed{sessions: make(map[int]int64)}
	head := make([]byte, headSize)
	if _, err := file.ReadAt(head, 0); err != nil {
		return l, err
	}
	used := min(binary.NativeEndian.Uint64(head), mostEntries)
	l.starting = binary.NativeEndian.Uint64(head[8:])
	entries := make([]byte, int(used)*entrySize)
	n, err := file.ReadAt(entries, int64(headSize))
	if errors.Is(err, io.EOF) {
		err = nil
	}
	for e := range entries[:n/entrySize*entrySize] {
		if e%entrySize != 0 {
			continue
		}
		session := int(int64(binary.NativeEndian.Uint64(entries[e:])))
		if session > 1 {
			l.sessions[session] = int64(binary.NativeEndian.Uint64(entries[e+8:]))
		}
	}
	return l, err
}
