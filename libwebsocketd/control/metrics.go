package control

import (
	"runtime"

	"websocketd/libwebsocketd"
)

// prefix begins the name of every metric that is ours.
const prefix = "websocketd_"

// newMetric returns a metric of ours. Labels are programs, and small sets that are known before:
// nothing that a client chooses.
func newMetric(kind kind, name, help string, labels ...string) *metric {
	return &metric{prefix + name, help, kind, labels}
}

func newGauge(name, help string, labels ...string) *metric {
	return newMetric(gauge, name, help, labels...)
}

func newCounter(name, help string, labels ...string) *metric {
	return newMetric(counter, name, help, labels...)
}

// family is a metric with a series for each program.
type family struct {
	metric    *metric
	value     func(p *programCounts) int64
	direction []string // the value of that label, if the metric has it
}

var (
	connections = newGauge("connections", "Conversations that run; program is empty while the client has not named one.", "program")
	messages    = newCounter("messages_total", "Messages that were moved: in is to the program, out is to the client.", "direction", "program")
	moved       = newCounter("message_bytes_total", "Bytes of those messages.", "direction", "program")
	endings     = newCounter("endings_total", "Conversations that have ended, by close code; exit_status and signal are how the program ended.", "code", "program")
	refused     = newCounter("requests_refused_total", "Requests that were refused, by HTTP status.", "status")
	build       = newGauge("build_info", "1, with what this server is.", "goversion", "version")
	outputTook  = newMetric(histogram, "output_latency_seconds", "How long a client took for a batch of output, from when it was read from the program until the socket had it; a sample of at most ten batches a second for each connection.", "program")
)

// families are the metrics of each program.
var families = []family{
	{newCounter("connections_total", "Conversations that have begun.", "program"), func(p *programCounts) int64 { return p.talk.conversations }, nil},
	{messages, func(p *programCounts) int64 { return p.talk.toProgram.Messages }, []string{"in"}},
	{messages, func(p *programCounts) int64 { return p.talk.toClient.Messages }, []string{"out"}},
	{moved, func(p *programCounts) int64 { return p.talk.toProgram.Bytes }, []string{"in"}},
	{moved, func(p *programCounts) int64 { return p.talk.toClient.Bytes }, []string{"out"}},
	{newCounter("undelivered_messages_total", "Messages that a program wrote when its client was gone.", "program"),
		func(p *programCounts) int64 { return p.talk.undelivered }, nil},
	{newCounter("missed_messages_total", "Messages that clients of shared programs were not sent because they were too slow, or came too late.", "program"),
		func(p *programCounts) int64 { return p.talk.missed }, nil},
	{newCounter("slow_clients_closed_total", "Clients that were closed with 1013 because they were too slow.", "program"),
		func(p *programCounts) int64 { return p.slow }, nil},
	{newGauge("processes", "Processes that run for clients.", "program"),
		func(p *programCounts) int64 { return p.started - p.exited }, nil},
	{newCounter("processes_started_total", "Processes that were started for clients; no CGI script is.", "program"),
		func(p *programCounts) int64 { return p.started }, nil},
	{newCounter("process_start_failures_total", "Processes that could not be started.", "program"), func(p *programCounts) int64 { return p.failed }, nil},
	{newCounter("forks_refused_total", "Processes that were not started because as many ran as may.", "program"),
		func(p *programCounts) int64 { return p.noFork }, nil},
}

// collect returns what there is at the moment, and the counts, as text.
func (c *Control) collect(open bool) []byte {
	e := newExposition(open)
	c.collectPrograms(e)
	e.add(build, 1, runtime.Version(), c.Version)
	c.collectHub(e)
	c.collectSupervised(e)
	collectRuntime(e)
	collectProcess(e)
	return e.text()
}

// collectPrograms collects what is counted of conversations, and how many run. One scrape does it
// after the other, so that what a later one says has not fallen.
func (c *Control) collectPrograms(e *exposition) {
	c.scraping.Lock()
	defer c.scraping.Unlock()
	var running []libwebsocketd.Conversation
	if s := c.server.Load(); s != nil {
		running = s.Conversations()
	}
	now := c.counts.snapshot(running, c.labelOf)
	for name, p := range now.programs {
		e.addProgram(name, &p)
	}
	for name, n := range now.open {
		e.add(connections, float64(n), name)
	}
	for status, n := range now.refused {
		e.add(refused, float64(n), status)
	}
}

// addProgram adds the series of a program.
func (e *exposition) addProgram(name string, p *programCounts) {
	for _, f := range families {
		e.add(f.metric, float64(f.value(p)), append(f.direction, name)...)
	}
	for code, n := range p.endings {
		e.add(endings, float64(n), code, name)
	}
	e.addLatency(outputTook, &p.latency, name)
}

var (
	sessions       = newGauge("sessions", "Sessions that there are.")
	hubClients     = newGauge("hub_clients", "Clients of the hub of this listener.")
	hubChannels    = newGauge("hub_channels", "Channels of the hub that have subscribers.")
	hubSubscribers = newGauge("hub_subscribers", "Subscribers of all channels of the hub together.")
	hubSlow        = newCounter("hub_slow_clients_closed_total", "Clients of the hub that were closed with 1013 because they were too slow.")
)

// collectHub collects what is not of a program.
func (c *Control) collectHub(e *exposition) {
	if c.Sessions != nil {
		e.add(sessions, float64(c.Sessions.Len()))
	}
	stats := c.hub.Stats()
	e.add(hubClients, float64(stats.Clients))
	e.add(hubChannels, float64(stats.Channels))
	e.add(hubSubscribers, float64(stats.Subscribers))
	e.add(hubSlow, float64(c.hub.SlowClients()))
}
