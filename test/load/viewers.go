package main

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"websocketd/test/harness"
)

// Measures of viewers of a paced child: what each costs, and what the others notice
// when something happens to one.
const (
	kbPerViewer  = "server KB/viewer"
	cpuPerViewer = "server µs/s/viewer"
	ratioOfP50   = "p50 ratio, one "
	ratioOfP99   = "p99 ratio, one "
	worst        = "worst ms, one "
)

// What happens to one of many viewers.
const (
	stalls = "stalls"
	dies   = "dies"
	joins  = "joins"
)

// viewerFlags returns the flags that make a target have one process for all, if it
// can.
func (t target) viewerFlags() []string {
	if t.shares() {
		return []string{sharedFlag}
	}
	return nil
}

// follow returns a follower of a paced child that records the ages of its lines.
func (p *phases) follow(shared bool) follower {
	return func(c *client, seen func(int64)) (lost, bad int64, err error) {
		ages := ageLog{of: p}
		defer ages.end()
		return c.followPaced(shared, seen, func(_ int, ns, now int64) { ages.add(ns, now) })
	}
}

// calm measures what viewers cost of a child that writes something now and then.
func (b *bench) calm(t target, conns int) (sample, error) {
	s, err := start(t, t.viewerFlags(), b.child("calm", pacedSize)...)
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	before, err := harness.StatusNumber(s.pid, "VmRSS")
	if err != nil {
		return sample{}, err
	}
	var times phases
	f, err := b.openFlood(s, conns, times.follow(t.shares()))
	if err != nil {
		return sample{}, err
	}
	err = b.pass(b.window)
	times.next()
	r, readErr := b.longer(3).readNow(meter{f.total.Load, s.cpu})
	after, statusErr := harness.StatusNumber(s.pid, "VmRSS")
	found, lostErr := f.close()
	if err := cmp.Or(err, readErr, statusErr, lostErr); err != nil {
		return found, err
	}
	ages := times.sorted(1)
	found.values[p50], found.values[p99] = percentile(ages, 50)/1000, percentile(ages, 99)/1000
	found.values[kbPerViewer] = number(after-before) / number(conns)
	found.values[cpuPerViewer] = number(r.cpu.Seconds()/r.elapsed.Seconds()*1e6) / number(conns)
	return found, nil
}

// events measures how old the lines of a busy child are when they arrive at all
// viewers but one. It does so while that one reads like the others, while it does not
// read, when one dies, and when one joins.
func (b *bench) events(t target, conns int) (sample, error) {
	s, err := start(t, t.viewerFlags(), b.child("brisk", pacedSize)...)
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	return b.eventsAmong(conns, s, t.shares(), func(buffer int) (*client, error) { return b.dialPlain(s, buffer) })
}

// eventsAmong does so for clients that connect in any way.
func (b *bench) eventsAmong(conns int, s *server, shared bool, connect func(buffer int) (*client, error)) (sample, error) {
	var times phases
	f, err := b.openFloodBy(s, conns-1, func(_ *server, buffer int) (*client, error) { return connect(buffer) }, times.follow(shared))
	if err != nil {
		return sample{}, err
	}
	p := party{bench: b, connect: connect, times: &times}
	err = p.run()
	lost, bad, guestErr := p.end()
	found, lostErr := f.close()
	found.lost += lost
	found.bad += bad
	if err := cmp.Or(err, guestErr, lostErr); err != nil {
		return found, err
	}
	quiet := times.sorted(p.quiet...)
	found.values[p50], found.values[p99] = percentile(quiet, 50)/1000, percentile(quiet, 99)/1000
	for event, phase := range p.events {
		if event == stalls && stallWindows*b.window < untilFull {
			continue // the stall is not noticed in so short a time
		}
		ages := times.sorted(phase)
		found.values[ratioOfP50+event] = percentile(ages, 50) / percentile(quiet, 50)
		found.values[ratioOfP99+event] = percentile(ages, 99) / percentile(quiet, 99)
		found.values[worst+event] = percentile(ages, 100) / 1e6
	}
	return found, nil
}

// A party runs the events, and has the guests they happen to.
type party struct {
	*bench
	connect func(buffer int) (*client, error)
	times   *phases
	guests  []*guest
	err     error

	quiet  []int          // the phases in which nothing happens: the first and the last
	events map[string]int // the phases in which something does
}

// A viewer that stops reading is not noticed before the buffers of its connection and
// the history are full. With 10,000 lines a second that takes four to eight seconds.
// A run with shorter windows has no figures for it.
const (
	stallWindows = 6
	untilFull    = 9 * time.Second
)

// run makes all events happen.
func (p *party) run() error {
	if err := p.invite(); err != nil {
		return err
	}
	before := p.phase(2, nothing)
	first := p.guests[0]
	p.events = map[string]int{stalls: p.phase(stallWindows, first.stall)}
	first.leave()
	if err := p.invite(); err != nil {
		return err
	}
	p.events[dies] = p.phase(2, p.guests[1].leave)
	p.events[joins] = p.phase(2, p.invite)
	p.quiet = []int{before, p.phase(2, nothing)}
	return p.err
}

func nothing() error { return nil }

// phase begins with an event, and lasts for a number of windows. After an error it
// does nothing.
func (p *party) phase(windows int, event func() error) (number int) {
	if p.err = cmp.Or(p.err, p.pass(p.window/2)); p.err != nil {
		return 0
	}
	number = p.times.next()
	p.err = cmp.Or(event(), p.pass(time.Duration(windows)*p.window))
	p.times.next()
	return number
}

// end makes all guests leave, and returns what they have missed.
func (p *party) end() (lost, bad int64, err error) {
	for _, g := range p.guests {
		err = cmp.Or(err, g.leave())
		lost += g.lost
		bad += g.bad
	}
	return lost, bad, err
}

// A guest is a viewer that events happen to.
type guest struct {
	conn *client
	halt chan struct{} // closed to make it stop reading
	gone chan struct{} // closed when it has stopped

	lost, bad int64
	err       error
}

// invite connects a guest, which begins to read.
func (p *party) invite() error {
	c, err := p.connect(smallBuffer)
	if err != nil {
		return err
	}
	g := &guest{conn: c, halt: make(chan struct{}), gone: make(chan struct{})}
	c.in.src = g
	p.guests = append(p.guests, g)
	go func() {
		defer close(g.gone)
		var err error
		g.lost, g.bad, err = c.followPaced(true, func(int64) {}, func(int, int64, int64) {})
		if !errors.Is(err, errHalted) {
			g.err = fmt.Errorf("a guest's stream ended: %w", err)
		}
	}()
	return nil
}

var errHalted = errors.New("it was told to stop")

// Read reads from the connection, until the guest is halted.
func (g *guest) Read(b []byte) (int, error) {
	select {
	case <-g.halt:
		return 0, errHalted
	default:
		return g.conn.Read(b)
	}
}

// stall makes the guest stop reading.
func (g *guest) stall() error {
	select {
	case <-g.halt:
	default:
		close(g.halt)
	}
	<-g.gone
	return g.err
}

// leave stops the guest and resets its connection. It may be called again.
func (g *guest) leave() error {
	err := g.stall()
	g.conn.kill()
	return err
}

// calmFigure is about viewers of a program like `vmstat 1`.
func calmFigure(conns int) figure {
	return figure{
		name:     fmt.Sprintf("calm/%d", conns),
		measures: []string{kbPerViewer, cpuPerViewer, p50, p99},
		reps:     3,
		measure:  func(b *bench, t target) (sample, error) { return b.calm(t, conns) },
	}
}

// eventsFigure is about targets that have one process for all.
func eventsFigure(conns int) figure {
	measures := []string{p50, p99}
	for _, event := range []string{stalls, dies, joins} {
		measures = append(measures, ratioOfP50+event, ratioOfP99+event, worst+event)
	}
	return figure{
		name:     fmt.Sprintf("events/%d", conns),
		measures: measures,
		reps:     3,
		others: func(b *bench, servers []target) (all []participant) {
			for _, t := range servers {
				if t.shares() {
					all = append(all, participant{t.Name, func() (sample, error) { return b.events(t, conns) }})
				}
			}
			return all
		},
	}
}
