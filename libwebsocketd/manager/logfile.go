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
	path string
	say  func(what string) // logs a failure
	keep int               // rotated files
	most int64             // bytes; negative is no limit

	users int // of Manager.files, which guards it

	mu     sync.Mutex
	file   *os.File
	size   int64
	failed bool // it could not be written to, and that was logged
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
		l = &logFile{path: path, keep: s.app.LogKeep, most: s.app.LogSize}
		l.say = func(what string) { s.say(libwebsocketd.LevelError, what) }
		if err := l.reopen(); err != nil {
			return nil, fmt.Errorf("the log file cannot be opened: %w", err)
		}
		if m.files.open == nil {
			m.files.open = map[string]*logFile{}
		}
		m.files.open[path] = l
	}
	l.users++
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

// reopen opens the file at its end; l.mu is held, or nobody knows l yet.
func (l *logFile) reopen() error {
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	if info, err := f.Stat(); err == nil {
		l.size = info.Size()
	}
	l.file = f
	return nil
}

// write appends text. A failure is logged once, until something is written again; nil writes
// nothing.
func (l *logFile) write(text []byte) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.most > 0 && l.size > 0 && l.size+int64(len(text)) > l.most {
		l.fail(l.rotate())
	}
	n, err := l.file.Write(text)
	l.size += int64(n)
	if err == nil {
		l.failed = false
	}
	l.fail(err)
}

// fail logs the first of several failures; l.mu is held.
func (l *logFile) fail(err error) {
	if err != nil && !l.failed {
		l.failed = true
		l.say("the log file " + l.path + " is not complete: " + err.Error())
	}
}

// rotate begins a new file; l.mu is held. If it cannot, the old one goes on.
func (l *logFile) rotate() error {
	var failed error
	for n := l.keep; n > 0; n-- {
		err := os.Rename(l.numbered(n-1), l.numbered(n))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	if failed != nil {
		return failed
	}
	old := l.file
	if err := l.reopen(); err != nil {
		l.file = old
		return err
	}
	old.Close()
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

// close closes the files.
func (o *outputs) close() {
	for _, l := range []**logFile{&o.out, &o.err, &o.both} {
		if *l != nil {
			o.manager.closeLog(*l)
			*l = nil
		}
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
