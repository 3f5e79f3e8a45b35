package stdio

import (
	"fmt"
	"time"

	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/process"
)

// Close ends the program by the ladder and returns when its session is gone. If Receive
// was called, Close waits until it has returned the rest of the output and its error. After Pause it
// waits for Resume or Lend first.
func (p *Endpoint) Close() error {
	if lent, _ := p.beginClosing(); lent {
		return nil
	}
	p.closeOnce.Do(func() { p.closeErr = p.end() })
	return p.closeErr
}

// CloseBy does what Close does, by another ladder. A Close that is running already is
// hastened where l takes a step sooner.
func (p *Endpoint) CloseBy(l process.Ladder) error {
	lent, already := p.beginClosing()
	switch {
	case lent:
		return nil
	case already:
		p.proc.Stop(l)
	}
	p.closeOnce.Do(func() {
		p.ladder = l
		p.closeErr = p.end()
	})
	return p.closeErr
}

// beginClosing waits while the Endpoint is paused. It reports whether there is nothing to close, because
// the program is another server's by then, and whether it was being closed already.
func (p *Endpoint) beginClosing() (lent, already bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.paused && !p.lent {
		p.settled.Wait()
	}
	already, p.closing = p.closing, true
	return p.lent, already
}

func (p *Endpoint) end() error {
	p.Leaving()
	p.listening.end()
	p.hasDelivered() // before its end: what comes later may have waited in a buffer
	asked := time.Now()
	err := p.proc.Stop(p.ladder)
	if err != nil {
		close(p.immortal)
		err = p.proc.Close() // ends the readers
	}
	p.mu.Lock()
	received := p.receives
	p.mu.Unlock()
	if received {
		<-p.drained
	}
	p.mu.Lock()
	unread := p.logsStderr && !p.logged
	p.logged = true
	p.mu.Unlock()
	if unread {
		p.logLines()
	}
	p.reading.Wait()
	if err == nil {
		err = p.proc.Close()
	}
	if tagged, ok := p.output.(*taggedOutput); ok {
		tagged.close()
	}
	p.report(asked, err)
	if p.tap != nil {
		p.tap.Ended(p.proc.Ending())
	}
	if p.ended != nil {
		p.ended(p.proc.Ending())
	}
	return err
}

func (p *Endpoint) report(asked time.Time, err error) {
	if err != nil {
		logging.At(p.log, logging.LevelError, "process", err.Error())
		return
	}
	if action, ok := p.proc.Asked(); ok {
		logging.At(p.log, logging.LevelDebug, "process", fmt.Sprintf("Process %d terminated after %s", p.proc.Pid, action),
			"after", time.Since(asked).Round(time.Millisecond))
	}
	if ending := p.proc.Ending(); !ending.Success() {
		logging.At(p.log, logging.LevelDebug, "process", "Process exit: "+ending.String())
	}
}
