package ctl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"

	"websocketd/internal/terminal"
	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/stdio"
)

// mostInput is how long a message to a process may be.
const mostInput = 1 << 20

// attach shows what a process writes, and sends it what is read from standard input. It is over
// when the process is, and the exit status is the process's.
func (c *caller) attach(signals *terminal.Interrupts) (int, error) {
	from, err := c.source(signals.Context(), c.Names[0])
	if err != nil {
		return exitFailed, err
	}
	local, err := c.local(signals, from)
	if err != nil {
		return exitFailed, fmt.Errorf("standard input: %w", err)
	}
	f := c.feed(from, local.Say)
	f.follow, f.ends = true, true
	local.Connected(from.channel, "")
	if from.info == nil {
		local.Say(noProcess(from))
	}
	err = await(local.Context(), func() error { return c.converse(f, local) })
	local.Finish("")
	switch {
	case errors.Is(err, terminal.ErrLeft):
		return exitOK, nil
	case err != nil:
		return exitFailed, err
	case f.ending == nil:
		return exitFailed, fmt.Errorf("the process of %s is gone, with the server that it had", from)
	}
	return f.ending.exitStatus(), nil
}

// isUnframed reports whether a program takes bytes as they are.
func isUnframed(framing string) bool {
	return framing == string(stdio.FramingRaw) || framing == "binary"
}

// local returns this side of the conversation.
func (c *caller) local(signals *terminal.Interrupts, from *source) (local terminal.Local, err error) {
	o := terminal.Options{Command: command, Stream: stdio.Options{Framing: stdio.FramingLine, MaxLine: mostInput, Binary: from.framing == "binary"}}
	if isUnframed(from.framing) {
		o.Stream.Framing = stdio.FramingRaw
	}
	to := c.printer()
	to.unframed = isUnframed(from.framing)
	o.Print = func(batch []bridge.Message) error {
		err := to.printAll(batch)
		if err != nil {
			local.Fail(err)
		}
		return err
	}
	local, err = terminal.NewLocal(signals, o, c.Streams)
	return local, err
}

func (p *printer) printAll(batch []bridge.Message) error {
	for i := range batch {
		if err := p.print(&batch[i]); err != nil {
			return err
		}
	}
	return p.flush()
}

// converse passes on what comes on either side, until the process is over or local is.
func (c *caller) converse(f *feed, local terminal.Local) error {
	ctx, cancel := context.WithCancelCause(local.Context())
	defer cancel(nil)
	in := &input{server: c.server, channel: f.source.channel, say: local.Say, ctx: ctx}
	var reading sync.WaitGroup
	reading.Go(func() {
		err := bridge.ReceiveEach(local, in.send)
		if err == io.EOF && terminal.Is(c.Stdin) { // Ctrl-D
			local.Fail(terminal.ErrLeft)
		}
	})
	err := f.run(ctx, &shower{local: local, unframed: isUnframed(f.source.framing)})
	if cause := context.Cause(local.Context()); cause != nil && err != nil {
		err = cause
	}
	cancel(nil)
	local.CloseSend(nil)
	reading.Wait()
	local.Close()
	return err
}

// shower shows what a channel has on the local side. It is a sink.
type shower struct {
	local    terminal.Local
	unframed bool // lines have their ends
	batch    []bridge.Message
}

// take implements sink.
func (s *shower) take(e *envelope) error {
	switch {
	case e.output != nil:
		if m := e.output; s.unframed && m.Kind == bridge.Text {
			m.Data = append(m.Data, '\n')
		}
		s.batch = append(s.batch, *e.output)
	case e.status != nil:
		if err := s.flush(); err != nil {
			return err
		}
		s.local.Note(e.status.String())
	}
	return nil
}

// flush implements sink.
func (s *shower) flush() error {
	if len(s.batch) == 0 {
		return nil
	}
	err := s.local.Send(s.batch)
	s.batch = s.batch[:0]
	return err
}

// input sends messages to a process. Its send is for one goroutine.
type input struct {
	server  *server
	channel string
	say     func(sentence string)
	ctx     context.Context

	part    bytes.Buffer // of a message that comes in pieces
	refused bool         // the last message was
	deaf    bool         // the process takes none
}

// send sends a batch, one message after the other.
func (in *input) send(batch []bridge.Message) {
	for i := range batch {
		if in.deaf || in.ctx.Err() != nil {
			return
		}
		if in.part.Len() <= mostInput { // the server refuses what is longer
			in.part.Write(batch[i].Data)
		}
		if batch[i].More {
			continue
		}
		in.post(batch[i].Kind)
		in.part.Reset()
	}
}

// post sends one message. One that the server may have is not sent again; one that it cannot
// have waits for the server.
func (in *input) post(kind bridge.Kind) {
	mediaType := "text/plain; charset=utf-8"
	if kind == bridge.Binary {
		mediaType = "application/octet-stream"
	}
	path := "/api/channels/" + url.PathEscape(in.channel)
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		err := in.try(path, mediaType)
		if isUnsent(err) && sleep(in.ctx, pause) == nil {
			continue
		}
		in.tell(err)
		return
	}
}

// isUnsent reports whether an error says that the server has nothing of a request: it is away, or
// another one goes on in its place.
func isUnsent(err error) bool {
	gone, answered := new(lost), new(refused)
	return errors.As(err, &gone) && gone.unsent || errors.As(err, &answered) && answered.status == http.StatusServiceUnavailable
}

func (in *input) try(path, mediaType string) error {
	ctx, cancel := context.WithTimeout(in.ctx, answerTime)
	defer cancel()
	answer, err := in.server.ask(ctx, http.MethodPost, path, bytes.NewReader(in.part.Bytes()), mediaType)
	if err == nil {
		answer.Body.Close()
	}
	return err
}

// tell says what has become of a message, unless it is what was said of the one before.
func (in *input) tell(err error) {
	answered := new(refused)
	switch isRefused := errors.As(err, &answered); {
	case err == nil || in.ctx.Err() != nil:
		in.refused = false
	case isRefused && answered.status == http.StatusMethodNotAllowed:
		in.deaf = true
		in.say(answered.sentence + ", and nothing is sent; what it writes is shown")
	case !isRefused:
		in.say(err.Error() + ": whether the process has the last line is not known, and it is not sent again")
	case !in.refused:
		in.refused = true
		in.say("not sent: " + answered.sentence)
	}
}
