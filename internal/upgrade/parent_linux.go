package upgrade

import (
	"sync"
	"syscall"
	"time"

	"websocketd/libwebsocketd/process"
)

// parent is a server that has started processes, as the one sees it that looks after them now.
type parent struct {
	link *link
	tell func(Relayed) // hears what it passes on, and does not wait; set before listen
	over chan struct{} // closed when the link has ended
	lost chan struct{} // closed when it has ended and no other server has it

	mu      sync.Mutex
	ended   bool // the link has
	passed  bool // another server has it
	watches map[int]func()
	waits   map[question]chan packet
}

// question is a packet that is answered with the same words.
type question struct {
	op  string
	pid int
}

var _ process.Parent = (*parent)(nil)

func newParent(l *link) *parent {
	return &parent{link: l, over: make(chan struct{}), lost: make(chan struct{}), watches: map[int]func(){}, waits: map[question]chan packet{}}
}

// listen receives until the link ends. If that is the end of the parent, every process that is
// watched has ended: the system and the parent's guardian end the children of one that was killed.
func (p *parent) listen() {
	p.link.receiveEach(p.heard)
	p.mu.Lock()
	p.ended = true
	watches := p.watches
	if p.watches = nil; p.passed {
		watches = nil
	} else {
		close(p.lost)
	}
	p.mu.Unlock()
	close(p.over)
	for _, exited := range watches {
		exited()
	}
}

func (p *parent) heard(said packet) {
	p.mu.Lock()
	exited := func() {}
	wait := p.waits[question{said.Op, said.Pid}]
	switch {
	case said.Op == opExited:
		if f := p.watches[said.Pid]; f != nil {
			exited = f
		}
		delete(p.watches, said.Pid)
	case said.Op == opSignal:
		p.tell(Relayed(said.Signal))
	case wait != nil:
		select {
		case wait <- said:
		default: // it was answered before
		}
	}
	p.mu.Unlock()
	exited()
}

// Watch implements process.Parent.
func (p *parent) Watch(pid int, exited func()) {
	p.mu.Lock()
	ended := p.ended
	if !ended {
		p.watches[pid] = exited
	}
	p.mu.Unlock()
	if ended {
		exited()
		return
	}
	p.link.send(packet{Op: opWatch, Pid: pid})
}

// Reap implements process.Parent.
func (p *parent) Reap(pid int) process.Ending {
	answer, ok := p.ask(opReap, pid)
	if !ok {
		return process.Ending{Code: -1, Signal: syscall.SIGKILL}
	}
	return process.Ending{Code: answer.Code, Signal: answer.Signal}
}

// Sweep implements process.Parent.
func (p *parent) Sweep(pid int) (gone bool) {
	answer, ok := p.ask(opSweep, pid)
	return !ok || answer.Gone
}

// hasClients reports whether the parent has clients of its own still. One that is of an older version
// does not answer.
func (p *parent) hasClients() bool {
	late := time.NewTimer(clientsTime)
	defer late.Stop()
	answer, ok := p.askUntil(opClients, 0, late.C)
	return ok && answer.Busy
}

// clientsTime is how long a parent may take to tell whether it has clients.
const clientsTime = time.Second

// ask returns the parent's answer. It is called once at a time for a question. ok is false when the
// link has ended.
func (p *parent) ask(op string, pid int) (answer packet, ok bool) {
	return p.askUntil(op, pid, nil)
}

// askUntil does so; ok is also false when it is too late.
func (p *parent) askUntil(op string, pid int, late <-chan time.Time) (answer packet, ok bool) {
	q, wait := question{op, pid}, make(chan packet, 1)
	p.mu.Lock()
	p.waits[q] = wait
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.waits, q)
	}()
	if p.link.send(packet{Op: op, Pid: pid}) != nil {
		return packet{}, false
	}
	select {
	case answer = <-wait:
		return answer, true
	case <-p.over:
	case <-late:
	}
	return packet{}, false
}

// pass lets another server have the link, of which it has a duplicate: this one says and hears
// nothing more.
func (p *parent) pass() {
	p.mu.Lock()
	p.passed = true
	p.mu.Unlock()
	p.link.Close()
	<-p.over
}
