package stdio

import (
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/logging"
)

// silence is how long a program that has read something may print nothing before the
// usual cause of that is logged.
const silence = 5 * time.Second

// Hint records what is known of a program's output buffer, over all its processes. They
// are checked until one of them has printed something, or the hint was logged once.
type Hint struct{ known atomic.Bool }

// listening is the wait for output of one process that has been sent input.
type listening struct {
	begun atomic.Bool
	mu    sync.Mutex
	timer *time.Timer // nil when the process is gone, or nothing has begun
	over  bool
}

// begin starts the wait, at the first input. For every further message it costs one load
// of a flag.
func (l *listening) begin(look func()) {
	if l.begun.Load() || l.begun.Swap(true) {
		return
	}
	l.again(look)
}

func (l *listening) again(look func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		l.timer = time.AfterFunc(silence, look)
	}
}

func (l *listening) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	if l.timer != nil {
		l.timer.Stop()
	}
}

// lookForOutput logs, once for each program, what may keep a client waiting: a buffer in
// the program, or a line without its end. A process that is at work, or has not read its
// input, or whose output is still in the pipe, is checked again later.
func (p *Endpoint) lookForOutput() {
	p.mu.Lock()
	stdout := p.pipes[0]
	p.mu.Unlock()
	said := stdout.said.Load()
	switch {
	case p.hasDelivered():
	case unread(p.proc.Stdin) || unread(p.proc.Stdout) || atWork(p.proc.Pid):
		p.listening.again(p.lookForOutput)
	case said && !p.byLine || p.hint.known.Swap(true):
	case said:
		logging.At(p.log, logging.LevelInfo, "process", "The program has printed something, and no end of line for 5 s: clients get a line when it is whole; --framing=raw is for programs that print none")
	default:
		logging.At(p.log, logging.LevelInfo, "process", "The program has read input and printed nothing to stdout for 5 s: if its output waits in a buffer, --unbuffer, python3 -u or stdbuf -oL helps")
	}
}

// hasDelivered reports whether any output was received so far. If so the program is not
// checked any more.
func (p *Endpoint) hasDelivered() bool {
	delivers := p.delivers.Load()
	if delivers && p.hint != nil {
		p.hint.known.Store(true)
	}
	return delivers
}
