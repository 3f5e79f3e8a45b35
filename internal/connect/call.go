package connect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/client"
	"websocketd/internal/terminal"
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/stdio"
)

// caller calls a program by its name (pow-1). Standard input is the program's, and standard
// output has what it prints; Ctrl-C cancels.
type caller struct {
	Streams
	ctx   context.Context // done when this process is to end at once
	leave context.CancelCauseFunc

	call atomic.Pointer[client.Call] // nil while there is none
	sig  os.Signal                   // by which this process is to end; written before ctx is done
	open atomic.Bool                 // the last line at the terminal has no end
	work sync.WaitGroup
}

// canceled is what is said at each Ctrl-C that cancels the call. Whether the server has heard
// that, nobody tells. One more ends this process.
var canceled = [...]string{
	"asking the server to end the program, which it hears after the input before; Ctrl-C once more asks it to close the program's input",
	"asking the server to close the program's input as well; Ctrl-C once more leaves",
}

func newCaller(s Streams) *caller {
	c := &caller{Streams: s}
	c.ctx, c.leave = context.WithCancelCause(context.Background())
	return c
}

// callProgram calls a program, and returns the exit status, or the signal by which this
// process is to end.
func callProgram(o *Options, s Streams) (status int, sig os.Signal) {
	c := newCaller(s)
	signals, over := make(chan os.Signal, len(canceled)+1), make(chan struct{})
	terminal.Notify(signals)
	c.work.Go(func() { c.watch(signals, over) })
	ended := make(chan int, 1)
	go func() { ended <- c.run(o) }()
	select {
	case status = <-ended:
	case <-c.ctx.Done(): // a reader of the output is not waited for
		patience := time.NewTimer(terminal.Farewell)
		defer patience.Stop()
		select {
		case <-ended:
		case <-patience.C:
		}
		return exitLost, c.sig
	}
	signal.Stop(signals)
	close(over)
	c.leave(nil)
	c.work.Wait()
	return status, nil
}

// watch cancels the call at a Ctrl-C, and leaves at any other signal.
func (c *caller) watch(signals <-chan os.Signal, over <-chan struct{}) {
	for cancels := 0; ; cancels++ {
		select {
		case sig := <-signals:
			call := c.call.Load()
			if sig != os.Interrupt || call == nil || cancels == len(canceled) {
				c.sig = sig
				c.leave(terminal.ErrInterrupted)
				return
			}
			c.work.Go(call.Cancel) // may wait for a server that takes nothing
			c.say(canceled[cancels])
		case <-over:
			return
		}
	}
}

// run calls the program, and says how that has ended.
func (c *caller) run(o *Options) (status int) {
	in, err := stdio.NewReader(c.Stdin)
	if err != nil {
		return c.lost(fmt.Errorf("standard input: %w", err))
	}
	defer in.Close()
	ctx, hangUp := context.WithCancelCause(c.ctx)
	defer hangUp(nil)
	call, err := client.StartCall(ctx, o.URL, o.Pow, o.Params, &client.CallOptions{
		Header: o.Header, Token: o.Token, TLS: o.TLS, Dial: o.Dial, PingInterval: o.PingInterval})
	if err != nil {
		return c.lost(unconnected{err})
	}
	c.call.Store(call)
	var input sync.WaitGroup
	input.Go(func() {
		if err := pass(call, in); err != nil {
			hangUp(fmt.Errorf("standard input: %w", err))
		}
	})
	if err := c.print(call); err != nil {
		hangUp(fmt.Errorf("standard output: %w", err)) // which is nothing to a call that has ended so
	}
	value, err := call.Result()
	in.Close()
	input.Wait()
	switch rejected := new(client.Rejected); {
	case errors.As(err, &rejected):
		return c.rejected(rejected)
	case err != nil:
		return c.lost(err)
	}
	c.result(value)
	return exitOK
}

// pass passes the input on to the program, and closes its input at the end.
func pass(call *client.Call, in io.Reader) error {
	_, err := io.Copy(call, in)
	if err == nil {
		err = call.CloseInput()
	}
	if errors.Is(err, os.ErrClosed) || errors.Is(err, io.ErrClosedPipe) { // the call is over
		return nil
	}
	return err
}

// print prints the output. What goes to a terminal cannot control it.
func (c *caller) print(call *client.Call) error {
	if !terminal.Is(c.Stdout) {
		_, err := io.Copy(c.Stdout, call)
		return err
	}
	to := &terminal.Display{To: noting{c.Stdout, &c.open}}
	_, err := io.Copy(to, call)
	if failed := to.Finish(); err == nil {
		err = failed
	}
	return err
}

// noting is a terminal of which is known whether its last line is open.
type noting struct {
	io.Writer
	open *atomic.Bool
}

// Write implements [io.Writer].
func (n noting) Write(text []byte) (int, error) {
	if len(text) > 0 {
		n.open.Store(text[len(text)-1] != '\n')
	}
	return n.Writer.Write(text)
}

// begin ends a line of the output at the terminal, so that what is said is not taken for it.
func (c *caller) begin() {
	if terminal.Is(c.Stderr) && c.open.Swap(false) {
		io.WriteString(c.Stderr, "\n")
	}
}

// result says what a call has returned, if it has.
func (c *caller) result(value json.RawMessage) {
	if value == nil || string(value) == "null" {
		return
	}
	line := bytes.NewBufferString("result: ")
	json.Compact(line, value) // it is valid
	line.WriteByte('\n')
	c.begin()
	if terminal.Is(c.Stderr) {
		(&terminal.Display{To: c.Stderr}).Write(line.Bytes())
		return
	}
	c.Stderr.Write(line.Bytes())
}

// rejected says why a call has failed, and returns the exit status that stands for it.
func (c *caller) rejected(r *client.Rejected) (status int) {
	c.say(r.Error())
	if status = r.ExitStatus(); status < 1 || status > 255 {
		return exitLost
	}
	return status
}

// lost says why there is no result, unless this process is to end at once.
func (c *caller) lost(err error) (status int) {
	status, sentence := statusOf(err)
	switch closed := new(bridge.CloseWith); {
	case errors.As(err, new(*client.LostError)):
		sentence = "the connection was lost"
	case errors.As(err, &closed): // which means something where there is no result to a call
		status = exitLost
		sentence = fmt.Sprintf("the server has closed without a result of the call, with %d%s", closed.Code, after(": ", closed.Reason))
	}
	if sentence != "" && c.ctx.Err() == nil {
		c.say(sentence)
	}
	return status
}

func (c *caller) say(sentence string) {
	c.begin()
	terminal.Say(c.Stderr, command, sentence)
}
