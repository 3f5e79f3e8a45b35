package stdio

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/exit"
	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/process"
)

// Endpoint is a running program as one side of a conversation: its
// output is received, its input is sent. Close ends it by the ladder.
type Endpoint struct {
	proc      *process.Process
	ladder    process.Ladder
	log       *slog.Logger
	slot      Slot
	hint      *Hint             // nil when the answer is known, or not wanted
	listening listening         // for its first output
	delivers  atomic.Bool       // some of its output has been received
	byLine    bool              // output is received line by line
	tap       Tap               // may be nil
	ended     func(exit.Ending) // called when the program is gone; may be nil
	maxLine   int
	output    output
	input     input

	logsStderr bool

	reading  sync.WaitGroup // goroutines that read stderr, or discard a broken stdout
	mu       sync.Mutex
	pipes    []*pipeReader
	exited   bool
	paused   bool          // see Pause
	closing  bool          // Close was called, and does not wait for the end of that
	lent     bool          // see Lend
	settled  sync.Cond     // of mu: paused or lent has changed
	halt     chan struct{} // see halted; nil until then
	errors   *lineReader   // of stderr, where it is logged
	rest     Rest          // what comes before the pipes
	logged   bool          // stderr is being read, or was
	receives bool          // Receive was called
	drained  chan struct{} // closed when Receive has returned its error
	immortal chan struct{} // closed when SIGKILL did not end the program

	leaveOnce sync.Once
	closeOnce sync.Once
	closeErr  error
}

// Slot is a program's place among those that may run at once. Its methods are called
// once each.
type Slot interface {
	Leaving() // it will soon be free: the program has exited, or is to end
	Gone()    // nothing of the program's session remains
}

// Options say how a process is bridged.
type Options struct {
	Framing    Framing
	Newlines   Newlines
	Binary     bool // each read is a binary message; not with another Framing
	Tagged     bool // both output streams, each line as {"stream":..,"data":..}
	MaxLine    int  // bytes
	CloseDelay time.Duration
	Ladder     process.Ladder // how Close ends it; nil is DefaultLadder(CloseDelay)
	Log        *slog.Logger
	Slot       Slot
	Hint       *Hint             // nil: do not check whether the program buffers its output
	Tap        Tap               // is shown what the program writes; may be nil
	Ended      func(exit.Ending) // called when the program is gone; may be nil
	Rest       Rest              // of an Endpoint of another process that was paused, but for its Stdin
}

// NewEndpoint returns an Endpoint for proc. Close ends the process.
func NewEndpoint(proc *process.Process, o Options) *Endpoint {
	p := &Endpoint{
		proc:     proc,
		ladder:   o.Ladder,
		log:      o.Log,
		slot:     o.Slot,
		tap:      tapOf(&o),
		ended:    o.Ended,
		maxLine:  o.MaxLine,
		byLine:   !o.Binary && o.Framing.Lines(),
		rest:     o.Rest,
		drained:  make(chan struct{}),
		immortal: make(chan struct{}),
	}
	p.settled.L = &p.mu
	if p.ladder == nil {
		p.ladder = process.DefaultLadder(o.CloseDelay)
	}
	if o.Hint != nil && !o.Hint.known.Load() {
		p.hint = o.Hint
	}
	p.output, p.input = p.chooseOutput(&o), inputTo(proc.Stdin, &o)
	if p.logsStderr = proc.Stderr != nil && !o.Tagged; p.logsStderr {
		proc.OnStderr(p.logStderr)
		if len(o.Rest.Stderr) > 0 {
			p.logStderr()
		}
	}
	proc.OnGone(p.slot.Gone)
	proc.OnExit(p.programExited)
	return p
}

func (p *Endpoint) lines(f *os.File, stream string) *lineReader {
	return newLineReader(p.pipe(f), p.maxLine, p.tooLong(stream))
}

// tooLong returns a function that logs that a line comes in pieces.
func (p *Endpoint) tooLong(stream string) func() {
	return func() {
		logging.At(p.log, logging.LevelError, "process", "a line of "+stream+" is longer than --maxline and comes in pieces", "maxline", p.maxLine)
	}
}

// pipe returns a reader of one of the program's pipes. It comes to an end some time after
// the program has exited, even if other processes hold the pipe open.
func (p *Endpoint) pipe(f *os.File) *pipeReader {
	r := newPipeReader(f, p.proc.Grace(), p.cutShort)
	if f == p.proc.Stdout {
		r.before = p.rest.Stdout
	} else {
		r.before = p.rest.Stderr
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pipes = append(p.pipes, r); p.exited {
		r.programExited()
	}
	if p.paused { // a goroutine that logs was started before, and has only just come here
		r.pause()
	}
	return r
}

// Leaving announces that the program's slot will soon be free.
func (p *Endpoint) Leaving() { p.leaveOnce.Do(p.slot.Leaving) }

func (p *Endpoint) programExited() {
	p.Leaving()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.exited = true
	for _, pipe := range p.pipes {
		pipe.programExited()
	}
}

// logStderr starts a goroutine that logs stderr, at its first byte. Most programs print
// nothing there, and a goroutine that waits for it would be a third of the cost of a
// connection.
func (p *Endpoint) logStderr() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.logged {
		return
	}
	p.logged = true
	if !p.paused { // else Resume does it
		p.reading.Go(p.logLines)
	}
}

func (p *Endpoint) cutShort() {
	logging.At(p.log, logging.LevelError, "process", "the program has exited, but its remaining children kept printing and are ended")
}

func (p *Endpoint) logLine(line []byte) {
	if p.tap != nil {
		p.tap.Stderr(line)
	}
	logging.At(p.log, logging.LevelError, "stderr", string(line))
}

// logStdout logs output that is no message of the framing.
func (p *Endpoint) logStdout(line []byte) {
	if p.tap != nil {
		p.showLine(line)
	}
	logging.At(p.log, logging.LevelError, "stdout", string(line))
}

func (p *Endpoint) logLines() {
	if p.errors == nil {
		p.errors = p.lines(p.proc.Stderr, "stderr")
	}
	lines := p.errors
	for {
		batch, err := lines.Next()
		for _, line := range batch {
			p.logLine(line.Data)
		}
		if err != nil {
			return
		}
	}
}

// Receive returns the program's output to its very end. Its error is a
// *bridge.EndedError, once the program has exited: closing its output does not end it.
// Output that is no message of its framing does: then the error is a
// *bridge.BrokenError, and the rest of the output is read and discarded.
func (p *Endpoint) Receive() ([]bridge.Message, error) {
	p.mu.Lock()
	p.receives = true
	p.mu.Unlock()
	batch, err := p.output.Next()
	if err == nil {
		p.delivers.Store(true)
		return batch, nil
	}
	if err == readbuf.ErrEmpty { // nothing else pauses it here
		return nil, ErrPaused
	}
	select {
	case <-p.drained: // called again after the end
	default:
		defer close(p.drained)
		p.broke(err)
	}
	if broken := new(bridge.BrokenError); errors.As(err, &broken) {
		return nil, err
	}
	select {
	case <-p.proc.Exited():
		return nil, &bridge.EndedError{Ending: p.proc.Reap()}
	case <-p.immortal:
		return nil, errImmortal
	case <-p.halted(): // another server sees the end of the output again, and waits for the exit
		return nil, ErrPaused
	}
}

// broke logs that the output has broken its framing, if err says so, and discards the
// rest of it, so that the program can end.
func (p *Endpoint) broke(err error) {
	if broken := new(bridge.BrokenError); errors.As(err, &broken) {
		logging.At(p.log, logging.LevelError, "process", "what the program prints is not what --framing says: "+broken.Reason)
		p.mu.Lock()
		stdout := p.pipes[0]
		p.mu.Unlock()
		p.reading.Go(func() { readbuf.Discard(stdout) })
	}
}

var errImmortal = errors.New("the program does not end")

// Send writes messages to the program's input in its framing, in as few writes as
// possible. It fails when the program has closed its input or exited, and with a
// *bridge.RefusedError at a message that the framing cannot carry.
func (p *Endpoint) Send(batch []bridge.Message) error {
	if p.hint != nil {
		p.listening.begin(p.lookForOutput)
	}
	return p.input.Send(batch)
}

// Ending returns how the process finished. It is valid once Close has returned.
func (p *Endpoint) Ending() exit.Ending { return p.proc.Ending() }

// Pid returns the process's number.
func (p *Endpoint) Pid() int { return p.proc.Pid }

// Exited returns a channel that is closed when the program has exited. Its output may still be
// there.
func (p *Endpoint) Exited() <-chan struct{} { return p.proc.Exited() }

// CloseSend closes the program's input.
func (p *Endpoint) CloseSend(error) error { return p.proc.Stdin.Close() }

// Context returns a context that is never done: Receive returns how a program ends.
func (p *Endpoint) Context() context.Context { return context.Background() }

// Signal sends a signal to the program's process group. It fails with os.ErrProcessDone
// once the program is gone.
func (p *Endpoint) Signal(sig syscall.Signal) error { return p.proc.Signal(sig) }

// chooseOutput returns what makes messages of the program's output.
func (p *Endpoint) chooseOutput(cfg *Options) output {
	if cfg.Tagged {
		return newTaggedOutput(
			&taggedStream{name: "stdout", lines: p.lines(p.proc.Stdout, "stdout"), each: p.tapStdout()},
			&taggedStream{name: "stderr", lines: p.lines(p.proc.Stderr, "stderr"), each: p.logLine},
		)
	}
	return tapped(outputOf(p.pipe(p.proc.Stdout), cfg, p.tooLong("stdout"), p.logStdout), p.tap)
}

// ReceiveEach calls each with every batch, as Pipe prefers it to Receive: between two
// messages it need not leave the wait for the program.
func (p *Endpoint) ReceiveEach(each func([]bridge.Message)) error {
	p.mu.Lock()
	stdout := p.pipes[0]
	p.mu.Unlock()
	_, two := p.output.(*taggedOutput)
	use := func() (leave bool) { return !readbuf.EachArrived(p.output, each) }
	for {
		batch, err := p.Receive()
		if err != nil {
			return err
		}
		if each(batch); !two {
			stdout.Stay(use)
		}
	}
}
