package shared

import (
	"context"
	"errors"
	"slices"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/record"
	"websocketd/libwebsocketd/stdio"
)

// Handed is a Hub on its way from one server to another.
type Handed struct {
	Record  record.Snapshot[passed]
	First   begun
	Unkept  []*libwebsocketd.Chunk // output that the record has no room for yet
	Input   []libwebsocketd.Message
	Process *libwebsocketd.Carried // nil: none runs

	Confirmed, Before uint64
	Restarts, Endings int
	Linger, Left      time.Duration    // Left: for which the process is kept without viewers from now on
	Expires, Returns  bool             // Expires: Linger is what Expire has set. Else it is the other server's setting
	Known             bool             // some client may have been told the end
	Ending            *how             // of the last process, where none runs
	Over              bool             // and none follows
	Changed           bool             // the process is to be restarted
	Seen              map[string]sight // of its files, by the watch over them
}

// passed is an item of a record on its way.
type passed struct {
	Chunk          *libwebsocketd.Chunk
	Note           *libwebsocketd.Note
	Restart, Ended int
}

// how is an ending on its way.
type how struct {
	Exit   libwebsocketd.EndedError
	Code   int // of a CloseWith; 0: it was an exit
	Reason string
}

func howOf(ending error) *how {
	var exit *libwebsocketd.EndedError
	var told *libwebsocketd.CloseWith
	switch {
	case ending == nil:
		return nil
	case errors.As(ending, &exit):
		return &how{Exit: *exit}
	case errors.As(ending, &told):
		return &how{Code: told.Code, Reason: told.Reason}
	}
	code, reason := libwebsocketd.Closing(ending)
	return &how{Code: code, Reason: reason}
}

func (h *how) err() error {
	switch {
	case h == nil:
		return nil
	case h.Code != 0:
		return &libwebsocketd.CloseWith{Code: h.Code, Reason: h.Reason}
	}
	return &h.Exit
}

// ErrHanded is the ending of a hub that another server goes on with.
var ErrHanded = errors.New("the server is replaced by a new one, which goes on with the program")

// Comeback is what viewers are sent when a new server goes on with their program.
var Comeback = &libwebsocketd.CloseWith{Code: libwebsocketd.CloseServiceRestart, Reason: "a new server goes on with this program: come back"}

// leaving limits how long Lift waits for viewers to leave.
const leaving = 3 * time.Second

// lift is a request to a hub to stand still, and the answer.
type lift struct {
	still chan *Lifted // nil if there is nothing to hand over; buffered
	taken chan bool    // whether the other server goes on with it; buffered
	gone  chan struct{}
	away  chan struct{} // closed when viewers are let in again
}

// Lifted is a Hub that stands still: its viewers have left, and its process runs on with nobody
// who reads or writes. The caller must call settle.
type Lifted struct {
	Handed
	endpoint *stdio.Endpoint // nil without a process
	lift     *lift
}

// settle ends a Hub that another server goes on with, and lends it the process; or else it lets the
// Hub go on.
func (l *Lifted) settle(taken bool, runtime *libwebsocketd.Runtime) {
	if taken && l.endpoint != nil {
		runtime.Lend(l.endpoint)
	}
	l.lift.taken <- taken
	if taken {
		<-l.lift.gone
	}
}

// Lift makes a Hub stand still, so that another server can go on with it. Viewers are sent away
// first; what they have sent is taken. It returns nil if the Hub ends by itself meanwhile, or a viewer
// stays (Subscription.Stay), and an error if it does not stand still before ctx is done: it goes on then,
// as soon as it can.
func (h *Hub) Lift(ctx context.Context) (*Lifted, error) {
	select {
	case <-h.ready: // else its first process is just being started
	case <-ctx.Done():
		return nil, errBusy
	}
	for {
		if lifted, err := h.liftNow(ctx); lifted != endedMeanwhile {
			return lifted, err
		}
	}
}

// endedMeanwhile is what a hub is lifted as whose process has just ended, or is being ended by its owner. Then
// it is lifted again, because another process follows, or a client is still to be told.
var endedMeanwhile = &Lifted{}

// liftNow does what Lift does, once the hub has begun. It may return endedMeanwhile.
func (h *Hub) liftNow(ctx context.Context) (*Lifted, error) {
	if stays, err := h.hasToStay(); stays {
		return nil, err
	}
	away, err := h.dismiss(ctx)
	if away == nil {
		return nil, err
	}
	l := &lift{still: make(chan *Lifted, 1), taken: make(chan bool, 1), gone: make(chan struct{}), away: away}
	var lifted *Lifted
	select {
	case h.lifts <- l:
		lifted, err = l.await(ctx)
	case <-h.exited:
	case <-ctx.Done():
		err = errBusy
	}
	if lifted == nil {
		h.admitAgain(l)
	}
	return lifted, err
}

// await returns what is handed over. If that is not there when ctx is done, the hub goes on as soon as it is.
func (l *lift) await(ctx context.Context) (*Lifted, error) {
	select {
	case lifted := <-l.still:
		return lifted, nil
	case <-ctx.Done():
		l.taken <- false // nobody else says so
		return nil, errBusy
	}
}

// errBusy is the error of Lift for a hub that does not stand still.
var errBusy = errors.New("a process is just being started or ended: try again later")

// dismiss sends the viewers away, and lets nobody in until admitAgain. It returns nil if the hub takes
// no viewers any more, with an error if one that was given up before is not over.
func (h *Hub) dismiss(ctx context.Context) (away chan struct{}, err error) {
	h.mu.Lock()
	switch {
	case !closed(h.ready) || h.lost || h.closing && !h.over:
		h.mu.Unlock()
		return nil, nil
	case h.still != nil:
		h.mu.Unlock()
		return nil, errBusy
	}
	away, alone := make(chan struct{}), make(chan struct{})
	h.still, h.alone = away, alone
	if len(h.viewers) == 0 {
		close(alone)
	}
	for _, s := range h.viewers {
		s.returns = true
		s.heeds.Store(true)
		s.left(Comeback)
	}
	h.mu.Unlock()
	ctx, cancel := process.Within(ctx, leaving, crowd)
	defer cancel()
	select {
	case <-alone:
	case <-ctx.Done(): // what these still send is refused
	}
	return away, nil
}

// Stay keeps the Hub from being handed over while the viewer is there, or no longer does.
func (s *Subscription) Stay(is bool) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.stays = is
}

// hasToStay reports whether a viewer keeps the Hub from being handed over. A process that another server
// has started cannot stay with this one, which is no parent of it: that is an error.
func (h *Hub) hasToStay() (stays bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.ContainsFunc(h.viewers, func(s *Subscription) bool { return s.stays }) {
		return false, nil
	}
	if p := pausable(h.process); p != nil && p.Process().Parent() != nil {
		err = errAwaited
	}
	return true, err
}

// errAwaited is the error of Lift for a hub with a viewer that stays, where it cannot.
var errAwaited = errors.New("an answer of a process that was taken over is waited for: try again later")

// admitAgain ends dismiss of a lift. It may be called again, also when there has been another one since.
func (h *Hub) admitAgain(l *lift) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.still == l.away && h.still != nil {
		close(h.still)
		h.still, h.alone = nil, nil
	}
}

// IsStill reports whether the hub stands still, or is to: see Lift.
func (h *Hub) IsStill() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.still != nil
}

// snapshot returns what is handed over, but for the process.
func (h *Hub) snapshot() Handed {
	all := h.output.Snapshot()
	to := Handed{Confirmed: h.flow.Confirmed(), First: h.first.snapshot(), Unkept: h.unkept, Seen: h.sights()}
	to.Changed = len(h.changed) > 0 // after Seen: what the watch finds is in one of them
	to.Record.Epoch, to.Record.Messages = all.Epoch, all.Messages
	for _, k := range all.Items {
		if k.Item.only == nil { // that viewer has left
			to.Record.Items = append(to.Record.Items, record.Kept[passed]{
				Item: passed{k.Item.chunk, k.Item.note, k.Item.restart, k.Item.ended}, Messages: k.Messages, Bytes: k.Bytes})
		}
	}
	if kept := h.kept; kept != nil {
		to.Input = append(to.Input, kept.batch...)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	to.Before, to.Restarts, to.Endings = h.before, h.restarts, int(h.endings.Load())
	to.Linger, to.Expires, to.Returns, to.Known = h.linger, h.expires, h.returns, h.known || len(h.said) > 0
	to.Left = max(time.Until(h.until), 0)
	return to
}

// answerPassed tells the sender of what another server gives to the process that it is taken. It is called
// before depart, which tells all other senders that theirs is not.
func (h *Hub) answerPassed() {
	if kept := h.kept; kept != nil && kept.call == nil {
		kept.done <- nil
	}
}

// answer hands over a hub without a process, and returns whether another server goes on with it.
func (h *Hub) answer(l *lift, ending error, over bool) (taken bool) {
	to := &Lifted{Handed: h.snapshot(), lift: l}
	to.Ending, to.Over = howOf(ending), over
	l.still <- to
	if taken = <-l.taken; taken {
		h.answerPassed()
	} else {
		h.admitAgain(l)
	}
	h.departing = l
	return taken
}

// depart ends a hub that another server goes on with.
func (h *Hub) depart() {
	h.mu.Lock()
	h.closing, h.over, h.ending = true, true, ErrHanded
	h.mu.Unlock()
	h.output.Close(ErrHanded)
	if !closed(h.done) {
		close(h.done)
	}
	h.lose()
	h.leaveAll()
	h.admitAgain(h.departing)
	close(h.departing.gone)
}
