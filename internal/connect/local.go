package connect

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"golang.org/x/term"

	"websocketd/internal/printable"
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/stdio"
)

// local is this side of the conversation.
type local interface {
	bridge.Endpoint
	Fail(err error)
	connected(address, protocol string)
	say(sentence string)  // on standard error, or beside the line being typed
	finish(remark string) // restores the terminal; the remark is for people, "" for none
}

// newLocal returns the local side: a screen with a line editor where both streams are a
// terminal's, else the plain streams. What goes to a terminal cannot control it.
func newLocal(i *interrupts, o *Options, s Streams) (local, error) {
	in, err := stdio.NewReader(s.Stdin)
	if err != nil {
		return nil, err
	}
	typed, shown := isTerminal(s.Stdin), isTerminal(s.Stdout)
	if typed && o.EOFWait < 0 {
		o.EOFWait = 0
	}
	p := &plain{stderr: s.Stderr}
	if typed && shown && canEdit(&o.Stream) {
		return newScreen(i, o.Stream, in, s), nil
	}
	o.Stream.Log = slog.New(sayer{p.say})
	p.Stream = stdio.NewStream(i.ctx, in, s.Stdout, o.Stream)
	if shown {
		p.show = &display{to: s.Stdout, lines: !o.Stream.Binary && o.Stream.Framing != stdio.FramingRaw, fail: p.Fail}
	}
	return p, nil
}

// isTerminal reports whether a file is a terminal.
func isTerminal(f *os.File) (yes bool) {
	onDescriptor(f, func(fd int) { yes = term.IsTerminal(fd) })
	return yes
}

// onDescriptor calls use with the descriptor of f. The Fd of an [os.File] would make it
// block, for all processes that have it.
func onDescriptor(f *os.File, use func(fd int)) {
	if raw, err := f.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { use(int(fd)) })
	}
}

// plain is the local side without a line editor.
type plain struct {
	*stdio.Stream
	show   *display // where standard output is a terminal; else nil
	stderr io.Writer
}

// Send writes messages to standard output.
func (p *plain) Send(batch []bridge.Message) error {
	if p.show != nil {
		return p.show.send(batch)
	}
	return p.Stream.Send(batch)
}

func (p *plain) connected(string, string) {}

func (p *plain) say(sentence string) { say(p.stderr, sentence) }

// say writes a remark to standard error.
func say(stderr io.Writer, sentence string) {
	fmt.Fprintf(stderr, "websocketd connect: %s\n", printable.Append(nil, sentence, false))
}

func (p *plain) finish(string) {}

// sayer is a slog.Handler that says what is logged.
type sayer struct{ say func(sentence string) }

// Enabled implements slog.Handler.
func (s sayer) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (s sayer) Handle(_ context.Context, r slog.Record) error {
	s.say(r.Message)
	return nil
}

// WithAttrs implements slog.Handler. The message says enough.
func (s sayer) WithAttrs([]slog.Attr) slog.Handler { return s }

// WithGroup implements slog.Handler.
func (s sayer) WithGroup(string) slog.Handler { return s }
