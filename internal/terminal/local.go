package terminal

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

// Local is this side of the conversation.
type Local interface {
	bridge.Endpoint
	Fail(err error)
	Connected(address, protocol string) // takes over a terminal
	Say(sentence string)                // on standard error, or beside the line being typed
	Note(line string)                   // the same, but nobody is named as saying it
	Finish(remark string)               // restores the terminal; the remark is for people, "" for none
}

// Streams are those of this process.
type Streams struct{ Stdin, Stdout, Stderr *os.File }

// Options are the settings of a Local.
type Options struct {
	Command string        // that says what is said: websocketd connect
	Stream  stdio.Options // how messages stand in the streams

	// Print writes messages to standard output where no line editor does; nil: they are
	// written as Stream says, and at a terminal as a Display does.
	Print func(batch []bridge.Message) error
}

// NewLocal returns the local side: a screen with a line editor where both streams are a
// terminal's, else the plain streams. What goes to a terminal cannot control it.
func NewLocal(i *Interrupts, o Options, s Streams) (Local, error) {
	in, err := stdio.NewReader(s.Stdin)
	if err != nil {
		return nil, err
	}
	shown := Is(s.Stdout)
	if Is(s.Stdin) && shown && canEdit(&o.Stream) {
		return newScreen(i, o.Command, o.Stream, in, s), nil
	}
	p := &plain{print: o.Print, stderr: s.Stderr, command: o.Command}
	o.Stream.Log = slog.New(sayer{p.Say})
	p.Stream = stdio.NewStream(i.ctx, in, s.Stdout, o.Stream)
	switch {
	case p.print != nil:
	case shown:
		to := &Display{To: s.Stdout, Lines: !o.Stream.Binary && o.Stream.Framing != stdio.FramingRaw, Fail: p.Fail}
		p.print = to.Send
	default:
		p.print = p.Stream.Send
	}
	return p, nil
}

// Is reports whether a file is a terminal.
func Is(f *os.File) (yes bool) {
	onDescriptor(f, func(fd int) { yes = term.IsTerminal(fd) })
	return yes
}

// Width returns how many columns a terminal has; 0 if that is not known, or f is none.
func Width(f *os.File) (columns int) {
	onDescriptor(f, func(fd int) {
		if width, _, err := term.GetSize(fd); err == nil {
			columns = width
		}
	})
	return columns
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
	print   func(batch []bridge.Message) error
	stderr  io.Writer
	command string
}

// Send writes messages to standard output.
func (p *plain) Send(batch []bridge.Message) error { return p.print(batch) }

// Connected implements Local. There is nothing to take over.
func (p *plain) Connected(string, string) {}

// Say implements Local.
func (p *plain) Say(sentence string) { Say(p.stderr, p.command, sentence) }

// Note implements Local.
func (p *plain) Note(line string) { Note(p.stderr, line) }

// Note writes a line to standard error. It cannot control a terminal.
func Note(stderr io.Writer, line string) {
	fmt.Fprintf(stderr, "%s\n", printable.Append(nil, line, false))
}

// Say writes a remark of a command to standard error.
func Say(stderr io.Writer, command, sentence string) {
	fmt.Fprintf(stderr, "%s: %s\n", command, printable.Append(nil, sentence, false))
}

// Finish implements Local. There is nothing to restore.
func (p *plain) Finish(string) {}

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
