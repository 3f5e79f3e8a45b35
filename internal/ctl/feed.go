package ctl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// longestPoll is how long an answer waits for something to say.
	longestPoll = 25 * time.Second
	// shortPoll is how long it waits when the process may be over.
	shortPoll = time.Second
	// mostPage is how long such an answer may be: a message may be as long as --maxline of the
	// server allows.
	mostPage = 256 << 20

	// pace is how far apart requests are while output comes all the time: what comes within it
	// comes together. Output after a silence does not wait.
	pace = 100 * time.Millisecond

	// The pause before another try doubles from the first to the most.
	firstPause, mostPause = 100 * time.Millisecond, 5 * time.Second
)

// page is an answer of a channel.
type page struct {
	Epoch     string            `json:"epoch"`
	Recovered bool              `json:"recovered"`
	Pending   []json.RawMessage `json:"pending"`
	Next      string            `json:"next"`
	More      bool              `json:"more"`
}

// sink takes what a channel has. It is used by one goroutine.
type sink interface {
	take(e *envelope) error
	flush() error // after all that has come together
}

// feed reads a channel from a position on. Its methods are for one goroutine.
type feed struct {
	server *server
	source *source
	dirs   []string // where to look for a server that was started again; nil: nowhere
	say    func(sentence string)

	follow bool // go on after what is kept
	ends   bool // when the process has ended
	lines  int  // of what is kept; negative: all

	after   string // the position
	epoch   string
	came    time.Time     // the last page
	pause   time.Duration // the last one; 0 when the server has answered
	unkept  uint64        // how many messages were dropped before the first page, as long as that is not said
	renewed bool          // the channel has begun anew, and nobody knows whether the process is there
	ending  *status       // of the process, if that is the last that was said of it
}

// run gives to what there is, until nothing can come any more. It returns the reason why it
// had to give up.
func (f *feed) run(ctx context.Context, to sink) error {
	kept := newTail(f.lines, to)
	into, wait := sink(kept), time.Duration(0)
	for {
		p, err := f.next(ctx, wait)
		if err != nil {
			return err
		}
		if err := f.pass(p, into); err != nil {
			return err
		}
		if into == kept && f.isAll(p) {
			f.tellUnkept(!kept.cut)
			if err := kept.end(); err != nil {
				return err
			}
			into = to
		}
		if err := to.flush(); err != nil {
			return err
		}
		if into == kept {
			continue
		}
		over := !f.follow
		if wait, over, err = f.wait(ctx, p, over); over || err != nil {
			return err
		}
		if err := f.keepPace(ctx, p); err != nil {
			return err
		}
	}
}

// keepPace pauses if the page before has come just now. The server logs each request.
func (f *feed) keepPace(ctx context.Context, p *page) error {
	now := time.Now()
	isSoon := now.Sub(f.came) < pace
	f.came = now
	if p.More || !isSoon {
		return nil
	}
	return sleep(ctx, pace)
}

// isAll reports whether a page has the last of what was kept at the beginning.
func (f *feed) isAll(p *page) bool {
	last := f.source.info
	if !p.More || last == nil || last.Epoch != p.Epoch {
		return !p.More
	}
	_, number, _ := strings.Cut(p.Next, ":")
	n, err := strconv.ParseUint(number, 10, 64)
	return err != nil || n >= last.Last
}

// pass gives the envelopes of a page to a sink.
func (f *feed) pass(p *page, to sink) error {
	for _, raw := range p.Pending {
		e := readEnvelope(raw)
		if e.status != nil {
			f.ending = e.status
			if !e.status.ends() {
				f.ending = nil
			}
		}
		if err := to.take(e); err != nil {
			return err
		}
	}
	return nil
}

// wait returns how long the next answer may wait, or that there is none to wait for.
func (f *feed) wait(ctx context.Context, p *page, over bool) (time.Duration, bool, error) {
	switch {
	case over || p.More || !f.ends:
		return longestPoll, over, nil
	case f.source.kind == kindProgram, f.source.kind == kindEnded, f.source.kind == kindConnection && f.ending != nil:
		return longestPoll, f.ending != nil, nil
	case f.ending == nil && !f.renewed:
		return longestPoll, false, nil
	}
	there, err := f.isThere(ctx)
	if err != nil || !there {
		return 0, !there, err
	}
	if f.renewed = false; f.ending != nil {
		return shortPoll, false, nil
	}
	return longestPoll, false, nil
}

// isThere reports whether the session or the connection still has a process, or is about to
// have another one. A server that does not answer is no reason to think otherwise.
func (f *feed) isThere(ctx context.Context) (bool, error) {
	if f.source.kind == kindConnection {
		all, err := list[connection](ctx, f.server, "/api/connections")
		for _, x := range all {
			if x.ID == f.source.name {
				return true, nil
			}
		}
		return isPassing(err), unlessPassing(err)
	}
	var x session
	_, err := f.server.get(ctx, f.source.path(), &x)
	if gone := new(refused); errors.As(err, &gone) && gone.status == http.StatusNotFound {
		return false, nil
	}
	return isPassing(err) || x.Ended == nil, unlessPassing(err)
}

// isPassing reports whether an error may not be there the next time.
func isPassing(err error) bool {
	answered := new(refused)
	if errors.As(err, &answered) {
		return answered.status >= 500 || answered.status == http.StatusTooManyRequests
	}
	return errors.As(err, new(*lost))
}

func unlessPassing(err error) error {
	if isPassing(err) {
		return nil
	}
	return err
}

// next returns what follows the position, if it must after a while, and moves the position
// there. Once there was an answer it waits for a server that is not there.
func (f *feed) next(ctx context.Context, wait time.Duration) (*page, error) {
	for {
		p, err := f.ask(ctx, wait)
		switch {
		case err == nil:
			f.arrive(p)
			return p, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case f.after == "" || !f.follow || !isPassing(err):
			return nil, err
		case f.pause == 0:
			f.say(f.outage(err) + "; waiting for it")
		}
		if err := f.rest(ctx); err != nil {
			return nil, err
		}
	}
}

// outage says why there is no answer where there was one before.
func (f *feed) outage(err error) string {
	if gone := new(lost); errors.As(err, &gone) && !gone.unsent {
		return "the connection to " + f.server.String() + " was lost"
	}
	return err.Error()
}

// ask makes one request.
func (f *feed) ask(ctx context.Context, wait time.Duration) (*page, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+answerTime)
	defer cancel()
	query := url.Values{"wait": {wait.String()}}
	if f.after != "" {
		query.Set("after", f.after)
	}
	answer, err := f.server.ask(ctx, http.MethodGet, "/api/channels/"+url.PathEscape(f.source.channel)+"?"+query.Encode(), nil, "")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	p := new(page)
	if err := f.server.read(answer, mostPage, p); err != nil {
		return nil, err
	}
	if p.Next == "" {
		return nil, fmt.Errorf("the answer of %s has no position: is this a management listener, as --admin of a server makes it?", f.server)
	}
	return p, nil
}

// arrive notes that a page has come, and says what is missing before it.
func (f *feed) arrive(p *page) {
	if f.pause > 0 {
		f.say("connected again")
	}
	switch {
	case p.Recovered:
	case f.after == "":
		f.unkept = p.before()
		f.tellUnkept(f.lines < 0)
	case f.epoch != p.Epoch:
		f.renewed = true
		f.say("some of what was written last may be missing here: the server was started again")
	default:
		f.say("some of what was written is missing here: the server does not keep it any more")
	}
	f.after, f.epoch, f.pause = p.Next, p.Epoch, 0
}

// tellUnkept says once how much of the beginning is not kept, if all of it was asked for.
func (f *feed) tellUnkept(isAsked bool) {
	if f.unkept == 0 || !isAsked {
		return
	}
	first := "the first message is"
	if f.unkept > 1 {
		first = fmt.Sprintf("the first %d messages are", f.unkept)
	}
	f.say(first + " not kept any more: --history of the server says how much is")
	f.unkept = 0
}

// before returns the number of the message before those of a page.
func (p *page) before() uint64 {
	_, number, _ := strings.Cut(p.Next, ":")
	n, err := strconv.ParseUint(number, 10, 64)
	if entries := uint64(len(p.Pending)); err == nil && n > entries {
		return n - entries
	}
	return 0
}

// sleep pauses, of which half is chance: those whom one server has lost do not come back
// together. It returns the cause of ctx if that is done before.
func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause/2 + rand.N(pause/2+1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// rest pauses, and looks where the server is then.
func (f *feed) rest(ctx context.Context) error {
	f.pause = min(max(2*f.pause, firstPause), mostPause)
	if err := sleep(ctx, f.pause); err != nil {
		return err
	}
	if f.dirs != nil {
		if found, err := newest(f.dirs, f.server.socket.Load()); err == nil {
			f.server.move(found.socket)
		}
	}
	return nil
}
