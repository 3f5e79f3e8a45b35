// Package connect is a client for a shell: what it reads on standard input goes to a
// server as messages, and messages go to standard output.
//
// That is one bridge.Pipe. The server is its program, whose end is the end of it; what is
// local is its client. Locally there is package terminal: the streams in any framing, or, at a
// terminal, a screen on which lines are edited.
//
// Or, with pow-1, the server calls a program by its name, and its input and output are those
// of this process.
//
//	goroutine         started by  ends when            waited for by
//	the pipe          converse    both sides are over  converse, unless the process is to end
//	signals           Run         a signal, or Run     Run
//
//	a call            callProgram it is over           callProgram, unless the process is to end
//	its signals       callProgram it is over           callProgram, likewise
//	its input         caller.run  the call is over     caller.run
//	a cancellation    watch       it is sent           callProgram, likewise
package connect

import (
	"context"
	"fmt"
	"time"

	"websocketd/internal/terminal"
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/stdio"
	"websocketd/libwebsocketd/ws"
)

// Options say what to connect to and how messages stand in what is read and written.
type Options struct {
	URL string // ws or wss
	ws.DialOptions
	Token func(context.Context) (string, error) // a bearer token, of each request; may be nil

	// Pow calls the program of this name, with Params, by pow-1. Then the fields below and
	// those of DialOptions that say how messages come mean nothing. "" passes messages on.
	Pow    string
	Params []string

	Stream  stdio.Options // Framing, Newlines, Binary and MaxLine of it
	Resume  bool          // go on after a lost connection
	EOFWait time.Duration // how long to wait for messages when there is no more input; negative: for ever
}

// command is what says what this command says.
const command = "websocketd connect"

// Streams are those of this process.
type Streams = terminal.Streams

// Run connects, and passes on what comes on either side until one of them is over. It
// returns the exit status. After a signal it does not return: that ends this process.
func Run(o Options, s Streams) (status int) {
	if o.Pow != "" {
		status, sig := callProgram(&o, s)
		if sig != nil {
			terminal.Die(sig)
		}
		return status
	}
	i := terminal.NewInterrupts()
	defer i.Stop()
	if terminal.Is(s.Stdin) && o.EOFWait < 0 {
		o.EOFWait = 0
	}
	local, err := terminal.NewLocal(i, terminal.Options{Command: command, Stream: o.Stream}, s)
	if err != nil {
		fmt.Fprintf(s.Stderr, "%s: standard input: %v\n", command, err)
		return exitLost
	}
	cause := converse(i, &o, local)
	status, sentence := statusOf(cause)
	if sentence == "" {
		local.Finish(remark(cause))
	} else {
		local.Finish("")
	}
	if sig := i.Got(); sig != nil {
		terminal.Die(sig)
	}
	if sentence != "" {
		local.Say(sentence)
	}
	return status
}

// converse connects and pipes, and returns why that is over.
func converse(i *terminal.Interrupts, o *Options, local terminal.Local) error {
	remote, protocol, err := dial(i.Context(), o, local)
	if err != nil {
		local.Close()
		return unconnected{err}
	}
	local.Connected(o.URL, protocol)
	server := newServer(remote, local.Context(), o.EOFWait)
	over := make(chan error, 1)
	go func() {
		settle, cause := bridge.Run(server, local, new(bridge.Meter))
		settle()
		over <- cause
	}()
	select {
	case cause := <-over:
		return cause
	case <-local.Context().Done():
	}
	// A server that takes nothing is not waited for, nor is a reader of the output.
	patience := time.NewTimer(terminal.Farewell)
	defer patience.Stop()
	select {
	case cause := <-over:
		return cause
	case <-patience.C:
		return context.Cause(local.Context())
	}
}
