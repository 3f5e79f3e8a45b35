package upgrade

import (
	"os"
	"syscall"
	"testing"

	"websocketd/libwebsocketd/process"
)

// lent returns a launcher, a process that it has lent, and the parent and the keeper that are connected
// about it.
func lent(t *testing.T, script string) (*process.Process, *parent, *keeper) {
	t.Helper()
	launcher, err := process.NewLauncher(process.LauncherOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { launcher.Close() })
	p, err := launcher.Start(process.Spec{Path: "/bin/sh", Args: []string{"sh", "-c", script}, Env: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	files, err := p.Duplicates()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAll(files[:]) })
	ours, theirs, err := sockets(syscall.SOCK_SEQPACKET)
	if err != nil {
		t.Fatal(err)
	}
	loan, own := launcher.Lend(p)
	if !own {
		t.Fatal("the process is another's")
	}
	l, err := newLink(ours)
	if err != nil {
		t.Fatal(err)
	}
	far, err := newLink(theirs)
	if err != nil {
		t.Fatal(err)
	}
	return p, newParent(far), newKeeper(l, os.Getpid(), []process.Loan{loan}, nil)
}

// serving serves a keeper, and returns what is closed when that has ended.
func serving(k *keeper) (served chan bool) {
	served = make(chan bool)
	go func() { defer close(served); k.serve() }()
	return served
}

// TestKeeper: a process is watched, collected and forgotten by way of its parent.
func TestKeeper(t *testing.T) {
	p, parent, keeper := lent(t, "exit 7")
	served := serving(keeper)
	go parent.listen()
	exited := make(chan bool)
	parent.link.send(packet{Op: opServer, Pid: 1234})
	parent.Watch(p.Pid, func() { close(exited) })
	<-exited
	if ending := parent.Reap(p.Pid); ending.Code != 7 || ending.Signal != 0 {
		t.Errorf("it has ended with %v", ending)
	}
	if ending := parent.Reap(p.Pid); ending.Code != 7 { // as a server asks that took over from one that had asked
		t.Errorf("at the second time it has ended with %v", ending)
	}
	if !parent.Sweep(p.Pid) {
		t.Error("something of it is left")
	}
	<-keeper.idle
	if keeper.Server() != 1234 {
		t.Errorf("the server is %d", keeper.Server())
	}
	parent.link.send(packet{Op: opStatus, Code: 5})
	parent.link.Close()
	<-served
	<-parent.over
	if status, ok := keeper.Status(); status != 5 || !ok {
		t.Errorf("the server has ended with %d, %v", status, ok)
	}
}

// TestLastWords: what a server has said is heard though it has ended without reading what it was told.
func TestLastWords(t *testing.T) {
	_, parent, keeper := lent(t, "exec sleep 600")
	keeper.link.send(packet{Op: opExited, Pid: 1})
	parent.link.send(packet{Op: opStatus, Code: 143})
	parent.link.Close()
	keeper.serve()
	if status, ok := keeper.Status(); status != 143 || !ok {
		t.Errorf("the server has ended with %d, %v", status, ok)
	}
}

// TestKeeperAlone: when the server is gone without a word, its processes are ended.
func TestKeeperAlone(t *testing.T) {
	p, parent, keeper := lent(t, "exec sleep 600")
	served := serving(keeper)
	go parent.listen()
	parent.Watch(p.Pid, func() {})
	parent.link.Close()
	<-served
	<-keeper.idle
	<-parent.over
	if _, ok := keeper.Status(); ok {
		t.Error("a status was told")
	}
	if syscall.Kill(p.Pid, 0) == nil {
		t.Error("the process is still there")
	}
}

// TestKept: a process that no server looks after is ended.
func TestKept(t *testing.T) {
	_, parent, keeper := lent(t, "exec sleep 600")
	served := serving(keeper)
	go parent.listen()
	parent.link.send(packet{Op: opServer, Pid: 1})
	parent.link.send(packet{Op: opKept})
	<-keeper.idle
	parent.link.Close()
	<-served
	<-parent.over
}

// TestParentIsGone: when the parent has ended, so have its children, and nothing waits for an answer.
func TestParentIsGone(t *testing.T) {
	p, parent, keeper := lent(t, "exec sleep 600")
	exited := make(chan bool)
	parent.Watch(p.Pid, func() { close(exited) })
	go parent.listen()
	keeper.link.Close()
	<-exited
	if ending := parent.Reap(p.Pid); ending.Signal != syscall.SIGKILL {
		t.Errorf("it has ended with %v", ending)
	}
	if !parent.Sweep(p.Pid) {
		t.Error("something of it is left")
	}
	<-parent.lost
	keeper.serve() // ends the process
}

// TestSignalComesOnce: a signal reaches either the server that is being replaced, which passes it
// on, or the one that takes its place; never none of them, never both.
func TestSignalComesOnce(t *testing.T) {
	_, old, keeper := lent(t, "exec sleep 600")
	served := serving(keeper)
	dup, err := old.link.File()
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLink(dup)
	if err != nil {
		t.Fatal(err)
	}
	next := newParent(l)
	signals := [2]chan os.Signal{make(chan os.Signal, 2), make(chan os.Signal, 2)}
	old.tell, next.tell = func(sig Relayed) { signals[0] <- sig }, func(sig Relayed) { signals[1] <- sig }
	go old.listen()
	old.link.send(packet{Op: opServer, Pid: os.Getpid(), Hears: true})
	old.ask(opSweep, 0) // after that the keeper has heard it
	keeper.signal(syscall.SIGTERM)
	if sig := <-signals[0]; sig != Relayed(syscall.SIGTERM) {
		t.Errorf("the server has heard %v", sig)
	}
	old.pass()
	keeper.signal(syscall.SIGUSR2) // it knows of no other server
	go next.listen()
	if sig := <-signals[1]; sig != Relayed(syscall.SIGUSR2) {
		t.Errorf("the next server has heard %v", sig)
	}
	next.link.Close()
	<-served
	<-next.over
	if len(signals[0])+len(signals[1]) > 0 {
		t.Error("a signal has come twice")
	}
}

// TestSignalOfOlder: a server that does not say that it hears signals through the link gets them as
// any process does.
func TestSignalOfOlder(t *testing.T) {
	p, parent, keeper := lent(t, "exec sleep 600")
	served := serving(keeper)
	go parent.listen()
	parent.link.send(packet{Op: opServer, Pid: p.Pid})
	parent.ask(opSweep, 0)
	keeper.signal(syscall.SIGTERM)
	<-p.Exited()
	parent.link.Close()
	<-served
	<-parent.over
}
