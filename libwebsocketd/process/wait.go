package process

import (
	"context"
	"time"
)

// restPatience limits how long a reader waits for the rest of the output of a program that
// has exited: a descendant may hold the pipe open.
const restPatience = 250 * time.Millisecond

// WaitOrKill waits until the program has exited, and kills its session when ctx is done
// before. From its return on a reader of the output waits no longer than is needed for what
// is in the pipe. It is for a helper of the server, which is read by another goroutine
// meanwhile, and closed after that.
func (p *Process) WaitOrKill(ctx context.Context) {
	select {
	case <-p.Exited():
	case <-ctx.Done():
		p.Stdin.Close()
		p.Stop(KillNow)
	}
	if p.Stdout.SetReadDeadline(time.Now().Add(restPatience)) != nil { // this system has none for pipes
		p.Reap()
	}
}
