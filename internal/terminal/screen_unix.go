//go:build unix

package terminal

import (
	"os"
	"os/signal"
	"syscall"
)

// watch follows the size of the terminal, and takes it over again after a pause.
func (c *screen) watch() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGWINCH, syscall.SIGCONT)
	c.work.Go(func() {
		defer signal.Stop(signals)
		for {
			select {
			case sig := <-signals:
				if sig == syscall.SIGCONT {
					c.takeOver()
					c.Write(nil) // the line being typed
				}
				c.resize()
			case <-c.done:
				return
			}
		}
	})
}

// suspend stops this job, as Ctrl-Z does where the terminal is not in raw mode.
func (c *screen) suspend() {
	c.giveBack()
	syscall.Kill(0, syscall.SIGTSTP)
}
