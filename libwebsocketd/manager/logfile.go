package manager

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"websocketd/libwebsocketd"
)

// logFile is a file that processes of a program write to, by way of their Taps. When it is as large
// as it may be it becomes FILE.1, that becomes FILE.2, and so on, and the last one is removed. What
// is written at once stays in one file.
type logFile struct {
	path    string
	say     func(what string) // logs a failure
	isPlain bool              // it is no device and no pipe, which have no size and keep their name

	users int // of Manager.files, which guards it

	mu     sync.Mutex
	keep   int   // rotated files
	most   int64 // bytes; negative is no limit
	file   *os.File
	size   int64 // bytes, since the file was to be rotated and could not be
	failed bool  // it could not be written to, and that was logged
	stuck  bool  // it could not be rotated, and that was logged
}

// logFiles are the files that are open, by their paths: the two processes of a reload have the same.
type logFiles struct {
	mu   sync.Mutex
	open map[string]*logFile
}

// openLog opens a file for one more process, which closes it by closeLog. "" is no file.
func (m *Manager) openLog(path string, s *service) (*logFile, error) {
	if path == "" {
		return nil, nil
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	m.files.mu.Lock()
	defer m.files.mu.Unlock()
	l := m.files.open[path]
	if l == nil {
		l = &logFile{path: path}
		l.say = func(what string) { s.say(libwebsocketd.LevelError, what) }
		if err := l.open(); err != nil {
			return nil, fmt.Errorf("the log file cannot be opened: %w", err)
		}
		if m.files.open == nil {
			m.files.open = map[string]*logFile{}
		}
		m.files.open[path] = l
	}
	l.users++
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keep, l.most = s.app.LogKeep, s.app.LogSize // those of the newest process
	return l, nil
}

// closeLog closes a file for a process; nil is none.
func (m *Manager) closeLog(l *logFile) {
	if l == nil {
		return
	}
	m.files.mu.Lock()
	defer m.files.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(m.files.open, l.path)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.file.Close()
	}
}

// open opens the file at its end; nobody else knows l yet.
func (l *logFile) open() error {
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY|openAtOnce, 0o640)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	l.file, l.size = f, info.Size()
	l.isPlain = info.Mode().IsRegular()
	return nil
}

// write appends text. A failure is logged once, until it works again; nil writes nothing.
func (l *logFile) write(text []byte) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isPlain && l.most > 0 && l.size > 0 && l.size+int64(len(text)) > l.most {
		l.note(&l.stuck, "is not rotated, and grows", l.rotate())
	}
	n, err := l.file.Write(text)
	l.size += int64(n)
	l.note(&l.failed, "is not complete", err)
}

// note logs the first of several failures; l.mu is held.
func (l *logFile) note(failed *bool, what string, err error) {
	if err != nil && !*failed {
		l.say("the log file " + l.path + " " + what + ": " + err.Error())
	}
	*failed = err != nil
}

// rotate begins a new file; l.mu is held. If it cannot, the old one goes on until it has grown by as
// much again, and no file is lost: the new one is made first, and a file takes a name only when that
// is free, or the last one.
func (l *logFile) rotate() error {
	l.size = 0
	next := l.path + ".next"
	f, err := os.OpenFile(next, os.O_APPEND|os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	for n := l.keep; n > 0 && err == nil; n-- {
		if err = os.Rename(l.numbered(n-1), l.numbered(n)); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err == nil {
		err = os.Rename(next, l.path)
	}
	if err != nil {
		f.Close()
		os.Remove(next)
		return err
	}
	l.file.Close()
	l.file = f
	return nil
}

// numbered returns the name of the nth rotated file; 0 is the file itself.
func (l *logFile) numbered(n int) string {
	if n == 0 {
		return l.path
	}
	return l.path + "." + strconv.Itoa(n)
}

// fileOf returns the file of an instance where a program has several: with -N before the extension.
func fileOf(path string, index, instances int) string {
	if path == "" || instances < 2 {
		return path
	}
	extension := filepath.Ext(path)
	return strings.TrimSuffix(path, extension) + "-" + strconv.Itoa(index) + extension
}

// outputs are the files that a process writes to; nil is none.
type outputs struct {
	manager        *Manager
	out, err, both *logFile
}

// openOutputs opens the log files of an instance's next process.
func (i *instance) openOutputs(s *service) (o outputs, err error) {
	o.manager = i.manager
	instances := len(s.list())
	for _, f := range []struct {
		path string
		to   **logFile
	}{{s.app.OutFile, &o.out}, {s.app.ErrorFile, &o.err}, {s.app.LogFile, &o.both}} {
		if *f.to, err = i.manager.openLog(fileOf(f.path, i.index, instances), s); err != nil {
			o.close()
			return outputs{}, err
		}
	}
	return o, nil
}

// close closes the files, once.
func (o *outputs) close() {
	for _, l := range []*logFile{o.out, o.err, o.both} {
		o.manager.closeLog(l)
	}
}

// write appends text of a stream.
func (o *outputs) write(stream Stream, text []byte) {
	if stream == Stdout {
		o.out.write(text)
	} else {
		o.err.write(text)
	}
	o.both.write(text)
}
