package pow

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/record"
	"websocketd/libwebsocketd/stdio"
)

var _ libwebsocketd.Carrier = (*Handler)(nil)

// handedCall is a call over HTTP on its way from one server to another.
type handedCall struct {
	ID, User string
	At       libwebsocketd.PassedRequest
	Told     bool
	Idle     int
	Result   *Result // nil: it runs
	Lines    record.Snapshot[string]

	Open    []byte // of one that runs: the line that has not ended
	Process *libwebsocketd.Carried
	Input   handedInput
	Last    *handedLine // nil: the result is not in the output
}

// handedLine is a lastLine on its way.
type handedLine struct {
	Line, Open []byte
	TooLong    bool
}

// lifted is a call that stands still.
type lifted struct {
	*restCall
	own  *stdio.Endpoint // nil: it is over
	rest stdio.Rest
}

// errBusy is the error of Lift when a call does not stand still in time.
var errBusy = errors.New("a call is just being canceled: try again later")

// Carries implements libwebsocketd.Carrier.
func (h *Handler) Carries() string { return "pow" }

// Lift implements libwebsocketd.Carrier. The calls over HTTP are handed over, but for those of
// functions; those over WebSocket live for their connection.
func (h *Handler) Lift(ctx context.Context) (all []libwebsocketd.Handed, settle func(taken bool), err error) {
	t := h.calls
	t.moving.Lock() // what would change a call waits
	all, settleAll, err := libwebsocketd.LiftEach(t.list(), func(c *restCall) (to libwebsocketd.Handed, settle func(taken bool), err error) {
		l, err := c.lift(ctx)
		if l == nil {
			return to, nil, err
		}
		to, err = l.pass(t)
		return to, l.settle, err
	})
	if err != nil {
		t.moving.Unlock()
		return nil, nil, err
	}
	return all, func(taken bool) {
		settleAll(taken)
		if taken {
			t.depart()
		}
		t.moving.Unlock()
	}, nil
}

// lift makes a call stand still. It returns nil for that of a function which runs.
func (c *restCall) lift(ctx context.Context) (*lifted, error) {
	if c.x != nil && c.x.pause() {
		if l, err := c.await(ctx); l != nil || err != nil {
			return l, err
		}
	} else if c.x != nil && c.x.Process() == nil && c.ended() == nil {
		return nil, nil
	}
	select {
	case <-c.over:
		return &lifted{restCall: c}, nil
	case <-ctx.Done():
		return nil, errBusy
	}
}

// await returns the call when it stands still after pause, nil when it has ended meanwhile. If neither
// comes before ctx is done, the call goes on as soon as it stands still.
func (c *restCall) await(ctx context.Context) (*lifted, error) {
	still := func() *lifted {
		c.x.input.work.Wait()
		own := c.x.Process()
		return &lifted{c, own, own.Rest()}
	}
	select {
	case <-c.still:
		return still(), nil
	case <-c.over:
		return nil, nil
	case <-ctx.Done():
	}
	c.at.Go(func() {
		select {
		case <-c.still:
			still().settle(false)
		case <-c.over:
		}
	})
	return nil, errBusy
}

// settle lets a call go on, here or in another server.
func (l *lifted) settle(taken bool) {
	switch {
	case l.own == nil:
		return
	case taken:
		l.at.Runtime().Lend(l.own)
	default:
		l.x.resume(l.rest.Stdin)
	}
	l.taken <- taken
}

// pass returns what is handed over.
func (l *lifted) pass(t *calls) (to libwebsocketd.Handed, err error) {
	v := handedCall{ID: l.id, User: l.user, At: l.at.Pass(), Result: l.ended(), Lines: l.output.whole.Snapshot()}
	v.Told, v.Idle = t.progress(l.restCall)
	var files []*os.File
	if l.own != nil {
		v.Open = l.output.open
		v.Input = l.x.input.pass(l.rest.Stdin)
		if last := l.x.last; last != nil {
			v.Last = &handedLine{last.line, last.open, last.tooLong}
		}
		v.Process = libwebsocketd.Carry(l.own, l.rest)
		if files, err = v.Process.Files(l.own); err != nil {
			return to, err
		}
	}
	to, err = libwebsocketd.NewHanded(v)
	if to.Files = files; l.own != nil {
		to.Pid, to.Parent = l.own.Pid(), l.own.Process().Parent()
	}
	return to, err
}

// TakeOver implements libwebsocketd.Carrier.
func (h *Handler) TakeOver(s *libwebsocketd.Server, from libwebsocketd.Handed) (begin func(), err error) {
	var v handedCall
	if err := from.Decode(&v); err != nil {
		return nil, err
	}
	at, err := s.Recall(v.At)
	if err != nil {
		return nil, err
	}
	return func() { h.bring(at, &v, &from) }, nil
}

// bring goes on with a call of another server. It is counted, but not refused.
func (h *Handler) bring(at *libwebsocketd.Request, v *handedCall, from *libwebsocketd.Handed) {
	free, refusal := h.calls.places.Claim()
	if refusal != nil { // there are fewer places now
		free = func() {}
	}
	c := newRESTCall(v.ID, v.User, at, restoreLines(h.o.Lines, h.o.History, v.Lines, v.Open), free)
	c.told, c.idle = v.Told, v.Idle
	if v.Result != nil {
		c.result = v.Result
		c.finish()
	} else if x, err := resumeProcess(at, v, from); err != nil {
		c.end(rejected("taken over by a new server, but " + err.Error()))
		c.finish()
	} else {
		c.x = x
		at.Go(c.run)
	}
	h.calls.add(at, c)
}

// resumeProcess goes on with the process of a call that runs.
func resumeProcess(at *libwebsocketd.Request, v *handedCall, from *libwebsocketd.Handed) (*execution, error) {
	if v.Process == nil {
		return nil, errors.New("without its process")
	}
	own, err := at.ContinueProcess(v.Process, from, stdio.FramingRaw)
	if err != nil {
		return nil, err
	}
	x := newProcessExecution(at, own)
	x.tagged = x.tagged && v.Process.HasStderr
	if v.Last != nil {
		x.last = &lastLine{at.Program().MaxLine, v.Last.Line, v.Last.Open, v.Last.TooLong}
	}
	x.input.bring(v.Input)
	return x, nil
}

// list returns the calls that there are.
func (t *calls) list() []*restCall {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Collect(maps.Values(t.all))
}

// progress returns whether the client waits for no result any more, and how long nobody has asked. One
// that is just being answered may not get the answer.
func (t *calls) progress(c *restCall) (told bool, idle int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.told && c.busy == 0, c.idle
}

// depart forgets every call: another server goes on with them, but for those of functions, for which
// nobody can ask any more.
func (t *calls) depart() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.departed = true
	for _, c := range t.all {
		t.forgetLocked(c)
	}
}
