package upgrade

import (
	"sync"
	"syscall"

	"websocketd/libwebsocketd/process"
)

// keeper is the parent's side: what remains of a server whose place another one has taken. It keeps
// the processes that it has started and that this one looks after.
type keeper struct {
	link   *link
	notify func(text string) // for the service manager; may be nil

	mu     sync.Mutex
	server int  // the pid of the server
	hears  bool // it takes opSignal
	loans  map[int]process.Loan
	wanted map[int]bool  // since opServer
	status int           // of the last server
	told   bool          // status is known
	left   bool          // the clients of this server have
	idle   chan struct{} // closed when there are no loans
	work   sync.WaitGroup
}

func newKeeper(l *link, server int, loans []process.Loan, notify func(string)) *keeper {
	k := &keeper{link: l, notify: notify, server: server, loans: map[int]process.Loan{}, wanted: map[int]bool{}, idle: make(chan struct{})}
	for _, loan := range loans {
		k.loans[loan.Pid()] = loan
	}
	k.look()
	return k
}

// look closes idle when it is time; k.mu is held, or nobody else knows k.
func (k *keeper) look() {
	if len(k.loans) == 0 {
		select {
		case <-k.idle:
		default:
			close(k.idle)
		}
	}
}

// serve serves the link until it ends. If the server has not said how it ends, it was killed, and
// its processes are ended.
func (k *keeper) serve() {
	k.link.receiveEach(k.heard)
	k.link.Close()
	k.mu.Lock()
	loans := k.loans
	k.loans = map[int]process.Loan{}
	k.mu.Unlock()
	for _, loan := range loans {
		k.work.Go(loan.Kill)
	}
	k.work.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.look()
}

// find returns a loan.
func (k *keeper) find(pid int) (loan process.Loan, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	loan, ok = k.loans[pid]
	return loan, ok
}

// Server returns the pid of the server.
func (k *keeper) Server() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.server
}

// signal sends a signal to the server, through the link: if the server is being replaced in this moment,
// or has been and has ended, either it hears it, and passes it on, or the next one does.
func (k *keeper) signal(sig syscall.Signal) {
	k.mu.Lock()
	server, hears := k.server, k.hears
	k.mu.Unlock()
	if hears {
		k.link.send(packet{Op: opSignal, Signal: sig}) // it fails when the server has ended
		return
	}
	syscall.Kill(server, sig)
}

// Status returns the status with which the last server has ended; ok is false if it was killed.
func (k *keeper) Status() (status int, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.status, k.told
}

func (k *keeper) heard(said packet) {
	loan, ok := k.find(said.Pid)
	switch said.Op {
	case opServer:
		k.mu.Lock()
		k.server, k.hears, k.wanted = said.Pid, said.Hears, map[int]bool{}
		k.mu.Unlock()
	case opStatus:
		k.mu.Lock()
		k.status, k.told = said.Code, true
		k.mu.Unlock()
	case opNotify:
		if k.notify != nil {
			k.notify(said.Text)
		}
	case opKept:
		k.endOthers()
	case opWatch:
		k.watch(loan, ok, said.Pid)
	case opClients:
		k.link.send(packet{Op: opClients, Busy: !k.hasBeenLeft()})
	case opReap:
		answer := packet{Op: opReap, Pid: said.Pid, Code: -1}
		if ok {
			ending := loan.Reap()
			answer.Code, answer.Signal = ending.Code, ending.Signal
		}
		k.link.send(answer)
	case opSweep:
		k.link.send(packet{Op: opSweep, Pid: said.Pid, Gone: !ok || k.sweep(loan)})
	}
}

// hasBeenLeft reports whether this server has no clients any more.
func (k *keeper) hasBeenLeft() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.left
}

// watch tells the server when a process has exited.
func (k *keeper) watch(loan process.Loan, ok bool, pid int) {
	k.mu.Lock()
	k.wanted[pid] = true
	k.mu.Unlock()
	k.work.Go(func() {
		if ok {
			<-loan.Exited()
		}
		k.link.send(packet{Op: opExited, Pid: pid})
	})
}

// sweep looks whether a process is gone with all its session, and forgets it then.
func (k *keeper) sweep(loan process.Loan) (gone bool) {
	if !loan.Sweep() {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.loans, loan.Pid())
	k.look()
	return true
}

// endOthers ends the processes that no server looks after any more: they were ending when another
// one took the place of theirs.
func (k *keeper) endOthers() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for pid, loan := range k.loans {
		if k.wanted[pid] {
			continue
		}
		k.work.Go(func() {
			loan.Kill()
			k.mu.Lock()
			defer k.mu.Unlock()
			delete(k.loans, pid)
			k.look()
		})
	}
}
