package ctl

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"websocketd/internal/terminal"
	"websocketd/libwebsocketd/bridge"
)

// logs prints what a process has written, and with Follow what it writes.
func (c *caller) logs(signals *terminal.Interrupts) (int, error) {
	ctx := signals.Context()
	from, err := c.source(ctx, c.Names[0])
	if one := new(oneInstance); errors.As(err, &one) && !c.Follow {
		return exitOK, c.recent(ctx, one.name)
	}
	if err != nil {
		return exitFailed, err
	}
	if from.info == nil && !c.Follow {
		c.say(nothingKept(from))
		return exitOK, nil
	}
	if from.info == nil {
		c.say(noProcess(from))
	}
	f := c.feed(from, c.say)
	f.follow, f.ends = c.Follow, from.kind != kindProgram
	return exitOK, await(ctx, func() error { return f.run(ctx, c.printer()) })
}

// nothingKept says why there is nothing to print.
func nothingKept(from *source) string {
	why := "it has no process of its own"
	if from.kind == kindProgram {
		why = "none has run yet, or not for ten minutes; a shared process starts with its first client"
	}
	return "nothing is kept of " + from.String() + ": " + why
}

// noProcess says that one is waited for.
func noProcess(from *source) string {
	return "no process of " + from.String() + " runs: waiting for one"
}

// feed returns a feed of a source.
func (c *caller) feed(from *source, say func(string)) *feed {
	f := &feed{server: c.server, source: from, say: say, lines: c.Lines}
	if c.Address == (Address{}) {
		f.dirs = c.Dirs
	}
	return f
}

// await returns the error of work, or the cause of ctx if work does not end soon after that: a
// reader of the output is not waited for.
func await(ctx context.Context, work func() error) error {
	over := make(chan error, 1)
	go func() { over <- work() }()
	select {
	case err := <-over:
		return err
	case <-ctx.Done():
	}
	patience := time.NewTimer(terminal.Farewell)
	defer patience.Stop()
	select {
	case err := <-over:
		return err
	case <-patience.C:
		return context.Cause(ctx)
	}
}

// printer prints what a channel has: output on standard output, as it was written or, at a
// terminal, so that it cannot control it; and a status on standard error. It is a sink.
type printer struct {
	out     *bufio.Writer
	display *terminal.Display // nil: standard output is no terminal
	json    bool
	stderr  io.Writer

	unframed bool // lines have their ends
}

func (c *caller) printer() *printer {
	p := &printer{out: bufio.NewWriterSize(c.Stdout, 64<<10), json: c.JSON, stderr: c.Stderr}
	if terminal.Is(c.Stdout) {
		p.display = &terminal.Display{To: p.out, Lines: true}
	}
	return p
}

// take implements sink.
func (p *printer) take(e *envelope) error {
	switch {
	case p.json:
		return p.write(safe(e.raw), "\n")
	case e.output != nil:
		return p.print(e.output)
	case e.status != nil:
		if err := p.flush(); err != nil {
			return err
		}
		terminal.Note(p.stderr, e.status.String())
	}
	return nil
}

// print prints a message of the process. Text is a line; bytes are as they are.
func (p *printer) print(m *bridge.Message) error {
	switch {
	case p.display != nil:
		p.display.Lines = !p.unframed
		return p.display.Send([]bridge.Message{*m})
	case m.Kind == bridge.Binary || p.unframed:
		return p.write(m.Data, "")
	}
	return p.write(m.Data, "\n")
}

func (p *printer) write(text []byte, end string) error {
	p.out.Write(text)
	if _, err := p.out.WriteString(end); err != nil { // bufio keeps the first error
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}

// flush implements sink.
func (p *printer) flush() error {
	if err := p.out.Flush(); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}
