// Package process runs a program.
package process

// Launcher starts processes, all from one operating system thread.
type Launcher struct{}

// LauncherOptions change a Launcher's manners. The zero value suits a library.
type LauncherOptions struct {
	// Guard starts a guardian: this program's own executable, which must call
	// GuardianMain first thing in main. It ends the groups of processes that are
	// still running when this process is killed with SIGKILL.
	Guard bool
	// Subreaper makes this process the parent of orphaned descendants
	// (PR_SET_CHILD_SUBREAPER; Linux only) and reaps them.
	Subreaper bool
	// Sockets are unix socket files the guardian removes.
	Sockets []string
	// OnError is told what went wrong in the background.
	OnError func(error)
}

// NewLauncher makes a Launcher. Close it after the last process has ended.
func NewLauncher(o LauncherOptions) (*Launcher, error) { return &Launcher{}, nil }

// KillAll sends SIGKILL to every group that is still running.
func (l *Launcher) KillAll() {}

// Close ends the launcher's own goroutines and the guardian.
func (l *Launcher) Close() error { return nil }

// GuardianMain is the whole life of a guardian. In any other process it
// returns at once; in a guardian it never returns.
func GuardianMain() {}
