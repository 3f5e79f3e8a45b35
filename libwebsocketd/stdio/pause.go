package stdio

import (
	"errors"

	"websocketd/libwebsocketd/internal/readbuf"
	"websocketd/libwebsocketd/process"
)

// ErrPaused is the error of Receive after Pause. It is not final.
var ErrPaused = errors.New("the program is handed over")

// Rest is what was read of a program's output and is no message yet, and what was taken of its
// clients and is not written yet.
type Rest struct {
	Stdout, Stderr, Stdin []byte
}

// Pause makes Receive return ErrPaused when it has returned what is whole, unless the program has
// ended, or broken its framing, by then. It ends a Send that waits, as if all were sent. The program goes on:
// its pipes are its own until Resume or Lend. Once the program is being closed, which takes Receive to its
// end, Pause does nothing and returns false.
func (p *Endpoint) Pause() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return false
	}
	p.proc.PauseInput()
	if p.halt != nil && !p.paused {
		close(p.halt)
	}
	p.paused = true
	for _, pipe := range p.pipes {
		pipe.pause()
	}
	return true
}

// halted returns a channel that is closed while the Endpoint is paused. It is for whoever waits for the
// exit of a program whose output has ended: the pipes do not wake that.
func (p *Endpoint) halted() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.halt == nil {
		if p.halt = make(chan struct{}); p.paused {
			close(p.halt)
		}
	}
	return p.halt
}

// Rest returns what is to be passed on with the pipes. Call it after Pause, when Receive has
// returned ErrPaused and no goroutine is in Send.
func (p *Endpoint) Rest() (rest Rest) {
	p.reading.Wait()
	rest.Stdin = p.proc.Unwritten()
	if l, ok := p.tap.(*lineTap); ok {
		l.flush() // whoever goes on has no part of a line
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pipe := range p.pipes {
		if pipe.file == p.proc.Stdout {
			rest.Stdout = append(p.opened(), pipe.unread()...)
		} else {
			rest.Stderr = pipe.unread()
		}
	}
	return rest
}

// opened returns what was used of a message of the output that has not come whole.
func (p *Endpoint) opened() []byte {
	if o, ok := p.output.(*framedOutput); ok {
		return o.opened()
	}
	return nil
}

// Process returns the process, for what passes it on.
func (p *Endpoint) Process() *process.Process { return p.proc }

// Resume ends Pause. The caller has to see that the Rest's Stdin is written.
func (p *Endpoint) Resume() {
	p.proc.ResumeInput()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused, p.halt = false, nil
	p.settled.Broadcast()
	for _, pipe := range p.pipes {
		pipe.resume(p.exited)
	}
	if tagged, ok := p.output.(*taggedOutput); ok {
		tagged.resume()
	}
	if p.logged {
		p.reading.Go(p.logLines)
	}
}

// Lend ends an Endpoint that is paused, because another process has taken the program over: its
// place is free here, and Close does nothing any more, nor does one that waits. The caller looks after
// the Loan, if own.
func (p *Endpoint) Lend(launcher *process.Launcher) (loan process.Loan, own bool) {
	p.mu.Lock()
	p.lent = true
	p.settled.Broadcast()
	p.mu.Unlock()
	p.Leaving()
	p.listening.end()
	return launcher.Lend(p.proc)
}

// pause makes ReadInto return readbuf.ErrEmpty.
func (r *pipeReader) pause() {
	r.paused.Store(true)
	r.file.SetReadDeadline(pastDeadline)
}

// resume ends pause.
func (r *pipeReader) resume(exited bool) {
	r.paused.Store(false)
	if !exited { // else the deadline stands, so that ReadInto looks for the end
		r.file.SetReadDeadline(noDeadline)
	}
}

// unread returns a copy of what was read, and what is to be read before the pipe.
func (r *pipeReader) unread() []byte {
	var unread []byte
	if r.buffer != nil {
		unread = append(unread, r.buffer.Unread()...)
	}
	return append(unread, r.before...)
}

// readBefore reads from what comes before the pipe.
func (r *pipeReader) readBefore(in *readbuf.Buffer) int {
	n := copy(in.Space(), r.before)
	r.before = r.before[n:]
	return n
}

// resume goes on with the streams that have returned readbuf.ErrEmpty.
func (o *taggedOutput) resume() {
	for _, s := range o.paused {
		s.err = nil
		o.open++
		o.running.Go(func() { o.read(s) })
	}
	o.paused = nil
}
