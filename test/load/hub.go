package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"

	"websocketd/test/harness"
)

// The hub of the operator's listener, which a target serves that knows the flag.
const (
	adminFlag  = "--admin"
	hubPath    = "/ws"
	hubName    = "hub"     // the first target that has a hub
	viewerName = "viewers" // the same target's viewers of the same program, without the hub
)

// A hubServer is a server of one process for all, whose output is also a channel of the hub.
type hubServer struct {
	*server
	admin   string // host:port
	channel string
}

// startHub starts a server with a hub, and a program that runs already. What maxConns
// connections leave of the descriptors the hub may have; 0 is the server's default.
func (b *bench) startHub(t target, maxConns int, program ...string) (*hubServer, error) {
	admin := net.JoinHostPort("127.0.0.1", strconv.Itoa(harness.MustFreePort()))
	flags := []string{sharedFlag, "--start=eager", "--input=all", adminFlag + "=" + admin, "--admintoken=none", "--maxconns=" + strconv.Itoa(maxConns)}
	s, err := start(t, flags, program...)
	if err != nil {
		return nil, err
	}
	return &hubServer{s, admin, "process:" + filepath.Base(program[0])}, nil
}

// subscribe connects to the hub, and returns when the subscription is there.
func (b *bench) subscribe(h *hubServer, buffer int) (*client, error) {
	c, err := dialWith(h.admin, hubPath, "", buffer, b.patience())
	if err != nil {
		return nil, err
	}
	c.unwrap = hubLine
	ask := fmt.Appendf(nil, `{"type":"subscribe","data":%q}`, h.channel)
	if _, err = c.Write(appendClientFrame(nil, textFrame, ask)); err == nil {
		_, err = c.message() // the present status
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// hubLine returns the line that a message of the hub is about; nil if it is about none. The
// lines have nothing that JSON escapes.
func hubLine(message []byte) []byte {
	const kind, data = `{"type":"process_output"`, `"data":"`
	at := bytes.Index(message, []byte(data))
	if at < 0 || !bytes.HasPrefix(message, []byte(kind)) {
		return nil
	}
	line, _, _ := bytes.Cut(message[at+len(data):], []byte{'"'})
	return line
}

// hubEvents does what events does, for subscribers of the hub.
func (b *bench) hubEvents(t target, conns int) (sample, error) {
	h, err := b.startHub(t, 0, b.child("brisk", pacedSize)...)
	if err != nil {
		return sample{}, err
	}
	defer h.stop()
	return b.eventsAmong(conns, h.server, true, func(buffer int) (*client, error) { return b.subscribe(h, buffer) })
}

// hubFigure is about subscribers of a busy program, one of which stops reading, dies or
// joins.
func hubFigure(conns int) figure {
	f := eventsFigure(conns)
	f.name = fmt.Sprintf("hub/%d", conns)
	f.others = hubs(func(b *bench, t target, hub bool) (sample, error) {
		if hub {
			return b.hubEvents(t, conns)
		}
		return b.events(t, conns)
	})
	return f
}

// hubs returns subscribers of the first server that has a hub, and viewers of the same.
func hubs(measure func(b *bench, t target, hub bool) (sample, error)) func(b *bench, servers []target) []participant {
	return func(b *bench, servers []target) []participant {
		for _, t := range servers {
			if t.Name != peerName && t.knows(adminFlag) {
				return []participant{
					{hubName, func() (sample, error) { return measure(b, t, true) }},
					{viewerName, func() (sample, error) { return measure(b, t, false) }},
				}
			}
		}
		return nil
	}
}

// Measures of many subscribers of one channel.
const (
	kbPerSubscriber = "server KB/subscriber"
	roundP50        = "round p50 ms"
	roundP99        = "round p99 ms"
)

// subscribers measures many subscribers of one channel, or viewers of the same program. The
// next lines are written when all have had those before: nobody is too slow.
func (b *bench) subscribers(t target, conns int, hub bool) (sample, error) {
	maxConns := 0
	if hub { // there is the writer alone
		maxConns = 1000
	}
	h, err := b.startHub(t, maxConns, "/bin/cat")
	if err != nil {
		return sample{}, err
	}
	defer h.stop()
	writer, err := dial(h.address, smallBuffer, b.patience())
	if err != nil {
		return sample{}, err
	}
	defer writer.Close()
	connect := func() (*client, error) { return b.subscribe(h, smallBuffer) }
	if !hub {
		connect = func() (*client, error) { return dial(h.address, smallBuffer, b.patience()) }
	}
	return b.readThrong(h.server, conns, connect, func(n int, number int) error {
		var frames []byte
		for i := range n {
			frames = appendClientFrame(frames, textFrame, pacedLine(number+i, monotonic(), pacedSize))
		}
		_, err := writer.Write(frames)
		for i := 0; i < n && err == nil; i++ {
			_, err = writer.message() // it is a viewer, too
		}
		return err
	})
}

// readThrong measures what a throng gets, and what each of it costs.
func (b *bench) readThrong(s *server, conns int, connect func() (*client, error), write func(n, number int) error) (sample, error) {
	before, err := harness.StatusNumber(s.pid, "VmRSS")
	if err != nil {
		return sample{}, err
	}
	g, err := b.gather(conns, connect)
	if err != nil {
		return sample{}, errors.Join(err, g.end())
	}
	r, err := g.read(b, meter{g.total.Load, s.cpu}, write)
	after, statusErr := harness.StatusNumber(s.pid, "VmRSS")
	err = cmp.Or(err, statusErr, g.end())
	found := sample{lost: g.lost, bad: g.bad, values: map[string]number{
		deliveriesPerSecond: r.rate(), cpuPerDelivery: r.cpuEach(), clientCores: r.clientCores(),
		kbPerSubscriber: number(after-before) / number(conns),
		roundP50:        percentile(g.rounds, 50) / 1e6, roundP99: percentile(g.rounds, 99) / 1e6,
	}}
	return found, err
}

// subscribersFigure compares them with viewers, and with a server that does nothing but write
// to one after the other.
func subscribersFigure(conns int) figure {
	all := hubs(func(b *bench, t target, hub bool) (sample, error) { return b.subscribers(t, conns, hub) })
	return figure{
		name:     fmt.Sprintf("hub/%d", conns),
		measures: []string{deliveriesPerSecond, cpuPerDelivery, kbPerSubscriber, roundP50, roundP99},
		reps:     3,
		limit:    func(b *bench) (sample, error) { return b.lockstep(conns) },
		others:   all,
	}
}
