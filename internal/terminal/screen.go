package terminal

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/term"

	"websocketd/internal/printable"
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/stdio"
)

// screen is the local side at a terminal: lines are edited, and what comes is shown above
// the line being typed.
type screen struct {
	*stdio.Stream
	display *Display
	editor  *term.Terminal
	tty     *tty
	keys    *stdio.Reader // what the tty's keyboard reads
	stderr  io.Writer
	command string                     // that says what is said
	plain   bool                       // no colours
	before  atomic.Pointer[term.State] // of the terminal; nil when it is as it was
	work    sync.WaitGroup
	done    chan struct{} // closed when the terminal is restored
}

// mostTyped is the length of a line at which the editor ignores further characters.
const mostTyped = 4096

// canEdit reports whether what is typed line by line can be sent, and the terminal does
// what a line editor needs.
func canEdit(o *stdio.Options) bool {
	if name := os.Getenv("TERM"); name == "" || name == "dumb" {
		return false
	}
	return o.Framing.Lines() || o.Framing == stdio.FramingRaw || o.Framing == stdio.FramingNDJSON
}

// newScreen returns a screen, which takes over the terminal once it is connected.
func newScreen(i *Interrupts, command string, o stdio.Options, in *stdio.Reader, s Streams) *screen {
	c := &screen{keys: in, stderr: s.Stderr, command: command, plain: os.Getenv("NO_COLOR") != "", done: make(chan struct{})}
	c.tty = &tty{keyboard: newKeyboard(in), out: s.Stdout}
	c.tty.interrupt, c.tty.suspend = func() { i.take(os.Interrupt) }, c.suspend
	c.tty.leave = func() { c.Fail(ErrLeft) }
	c.tty.full = func() {
		c.Say("what is typed ahead of the server is too much, and is dropped: send it from a file")
	}
	prompt, mark := "> ", "< "
	if o.Binary || o.Framing == stdio.FramingRaw { // the program has a prompt of its own
		prompt, mark = "", ""
	}
	c.editor = term.NewTerminal(c.tty, prompt)
	o.Log = slog.New(sayer{c.Say})
	c.Stream = stdio.NewStream(i.ctx, &typed{screen: c}, s.Stdout, o)
	c.display = &Display{To: c, Lines: mark != "", Fail: c.Fail, mark: c.dim(mark)}
	return c
}

// Send shows messages.
func (c *screen) Send(batch []bridge.Message) error { return c.display.Send(batch) }

// Write writes to the terminal, above the line being typed.
func (c *screen) Write(b []byte) (int, error) {
	c.tty.hold()
	n, err := c.editor.Write(b)
	if failed := c.tty.release(); err == nil {
		err = failed
	}
	return n, err
}

// Connected takes over the terminal.
func (c *screen) Connected(address, protocol string) {
	c.takeOver()
	c.resize()
	c.watch()
	c.work.Go(c.tty.keyboard.watch)
	if u, err := url.Parse(address); err == nil {
		address = u.Redacted()
	}
	if protocol != "" {
		address += " (" + protocol + ")"
	}
	c.Say("connected to " + address + "; Ctrl-D leaves")
}

// takeOver puts the terminal in raw mode, and keeps how it was before.
func (c *screen) takeOver() {
	onDescriptor(c.tty.out, func(fd int) {
		if before, err := term.MakeRaw(fd); err == nil {
			c.before.CompareAndSwap(nil, before)
		}
	})
}

// giveBack makes the terminal what it was.
func (c *screen) giveBack() {
	onDescriptor(c.tty.out, func(fd int) { term.Restore(fd, c.before.Load()) })
}

// resize tells the editor how large the terminal is.
func (c *screen) resize() {
	onDescriptor(c.tty.out, func(fd int) {
		if width, height, err := term.GetSize(fd); err == nil && width > 0 {
			c.editor.SetSize(width, height)
		}
	})
}

// Say writes a remark beside the messages or, where the terminal is as it was, to standard
// error.
func (c *screen) Say(sentence string) {
	if c.before.Load() == nil {
		Say(c.stderr, c.command, sentence)
		return
	}
	c.Note(sentence)
}

// Note does the same for a line that nobody says.
func (c *screen) Note(line string) {
	if c.before.Load() == nil {
		Note(c.stderr, line)
		return
	}
	c.Write([]byte(c.dim(string(printable.Append(nil, line, false))) + "\n"))
}

// dim returns text in a fainter colour.
func (c *screen) dim(text string) string {
	if c.plain || text == "" {
		return text
	}
	return "\x1b[2m" + text + "\x1b[0m"
}

// Finish restores the terminal, after a last remark.
func (c *screen) Finish(remark string) {
	if c.before.Load() != nil {
		c.editor.SetPrompt("")
		if remark != "" {
			c.Say(remark)
		} else {
			c.Write(nil)
		}
		io.WriteString(c.tty.out, "\r\x1b[K")
	}
	close(c.done)
	c.keys.Close()
	c.work.Wait()
	if c.before.Load() != nil {
		c.giveBack()
		c.before.Store(nil)
	}
}

// typed is what is typed, as a stream of whole lines.
type typed struct {
	*screen
	rest []byte // of the last line
}

// Read implements [io.Reader].
func (t *typed) Read(p []byte) (int, error) {
	if len(t.rest) == 0 {
		line, err := t.editor.ReadLine()
		if err != nil && err != term.ErrPasteIndicator {
			t.tty.Close() // what ends things is still looked for
			return 0, err
		}
		if utf8.RuneCountInString(line) == mostTyped {
			t.Say(fmt.Sprintf("the line is cut at %d characters: send longer ones from a file", mostTyped))
		}
		t.rest = append(t.rest, shown([]byte(line))...)
		t.rest = append(t.rest, '\n')
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

// Close ends a Read that waits.
func (t *typed) Close() error { return t.tty.Close() }
