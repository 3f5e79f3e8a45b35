package cli

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"

	"websocketd/internal/systemd"
)

// logFileMode is that of a file of --logfile that is made: it has the addresses of clients, and
// what they asked for.
const logFileMode = 0o640

// logFile is the file of --logfile. One goroutine may Write while another one calls Reopen.
type logFile struct {
	path string
	file atomic.Pointer[os.File]

	of   *os.File // what Write has written to last
	torn bool     // that ends within a line
}

// openLogFile opens a file to append to, which it makes if there is none. "" is none.
func openLogFile(path string) (*logFile, error) {
	if path == "" {
		return nil, nil
	}
	l := &logFile{path: path}
	return l, l.Reopen()
}

// Reopen opens the file of the name again, which may be another one by now, and closes the one
// before. After an error it goes on with that.
func (l *logFile) Reopen() error {
	file, err := os.OpenFile(l.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|openAtOnce, logFileMode)
	if err != nil {
		return err
	}
	if before := l.file.Swap(file); before != nil {
		before.Close()
	}
	return nil
}

// follow opens the file of the name again if it is another one by now: a server that was replaced is
// not told of a rotation. What cannot be opened is tried again at the next call. nil has no file.
func (l *logFile) follow() {
	if l == nil {
		return
	}
	named, err := os.Stat(l.path)
	if err != nil {
		return
	}
	if own, err := l.file.Load().Stat(); err == nil && !os.SameFile(named, own) {
		l.Reopen()
	}
}

// Write writes whole lines. If the line before was written only in part, because the disk was
// full, they begin on a new one.
func (l *logFile) Write(lines []byte) (written int, err error) {
	for {
		file := l.file.Load()
		n, err := l.writeTo(file, lines[written:])
		written += n
		if !errors.Is(err, os.ErrClosed) || file == l.file.Load() {
			return written, err
		}
	} // it was opened again meanwhile
}

func (l *logFile) writeTo(file *os.File, lines []byte) (int, error) {
	if file == l.of && l.torn {
		if _, err := file.Write(newline); err != nil {
			return 0, err
		}
	}
	n, err := file.Write(lines)
	l.of, l.torn = file, n > 0 && lines[n-1] != '\n'
	return n, err
}

// SetWriteDeadline ends a Write that waits for the reader of a pipe.
func (l *logFile) SetWriteDeadline(t time.Time) error { return l.file.Load().SetWriteDeadline(t) }

// Close closes the file; nil has none.
func (l *logFile) Close() error {
	if l == nil {
		return nil
	}
	return l.file.Load().Close()
}

// logTo returns where the log goes, and the flags with the format that auto stands for.
func (i invocation) logTo(flags logFlags, file *logFile) (io.Writer, logFlags) {
	var out io.Writer = file
	if file == nil {
		out = i.stdout
	}
	if flags.Logformat == formatAuto {
		flags.Logformat = formatText
		if out == os.Stdout && systemd.StdoutIsJournal() {
			flags.Logformat = formatJournal
		}
	}
	return out, flags
}
