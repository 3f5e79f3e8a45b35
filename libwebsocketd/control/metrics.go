package control

import (
	"net/http"
	"runtime"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"websocketd/libwebsocketd"
)

// prefix begins the name of every metric that is ours.
const prefix = "websocketd_"

// mostScrapes is how many may ask for metrics at once.
const mostScrapes = 4

// latencyBuckets are in seconds: from what a write to a socket costs to how long a client may
// stall.
var latencyBuckets = []float64{1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 1e-2, 2.5e-2, 1e-1, 2.5e-1, 1, 2.5, 10}

// newMetrics returns the handler of /metrics. Its registry is its own: what a program that
// embeds this package counts elsewhere is not in it.
func newMetrics(c *Control) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		c.counts.latency,
		&collector{control: c},
	)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: mostScrapes,
		EnableOpenMetrics:   true,
		OfferedCompressions: []promhttp.Compression{promhttp.Identity, promhttp.Gzip},
	})
}

// collector makes metrics of what there is at the moment, and of the counts. Labels are
// programs, and small sets that are known before: nothing that a client chooses.
type collector struct {
	control *Control

	mu sync.Mutex // one scrape after the other, so that what a later one says has not fallen
}

// family is a metric with a series for each program.
type family struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(p *programCounts) int64
	label []string // values of further labels
}

func newDesc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prefix+name, help, labels, nil)
}

func counter(desc *prometheus.Desc, value func(p *programCounts) int64, label ...string) family {
	return family{desc, prometheus.CounterValue, value, label}
}

var (
	connections = newDesc("connections", "Conversations that run; program is empty while the client has not named one.", "program")
	messages    = newDesc("messages_total", "Messages that were moved: in is to the program, out is to the client.", "program", "direction")
	moved       = newDesc("message_bytes_total", "Bytes of those messages.", "program", "direction")
	endings     = newDesc("endings_total", "Conversations that have ended, by close code; exit_status and signal are how the program ended.", "program", "code")
	refused     = newDesc("requests_refused_total", "Requests that were refused, by HTTP status.", "status")
	build       = newDesc("build_info", "1, with what this server is.", "version", "goversion")
)

// families are the metrics of each program.
var families = []family{
	counter(newDesc("connections_total", "Conversations that have begun.", "program"), func(p *programCounts) int64 { return p.talk.conversations }),
	counter(messages, func(p *programCounts) int64 { return p.talk.toProgram.Messages }, "in"),
	counter(messages, func(p *programCounts) int64 { return p.talk.toClient.Messages }, "out"),
	counter(moved, func(p *programCounts) int64 { return p.talk.toProgram.Bytes }, "in"),
	counter(moved, func(p *programCounts) int64 { return p.talk.toClient.Bytes }, "out"),
	counter(newDesc("undelivered_messages_total", "Messages that a program wrote when its client was gone.", "program"),
		func(p *programCounts) int64 { return p.talk.undelivered }),
	counter(newDesc("missed_messages_total", "Messages that clients of shared programs were not sent because they were too slow, or came too late.", "program"),
		func(p *programCounts) int64 { return p.talk.missed }),
	counter(newDesc("slow_clients_closed_total", "Clients that were closed with 1013 because they were too slow.", "program"),
		func(p *programCounts) int64 { return p.slow }),
	{newDesc("processes", "Processes that run for clients.", "program"), prometheus.GaugeValue,
		func(p *programCounts) int64 { return p.started - p.exited }, nil},
	counter(newDesc("processes_started_total", "Processes that were started for clients; no CGI script is.", "program"),
		func(p *programCounts) int64 { return p.started }),
	counter(newDesc("process_start_failures_total", "Processes that could not be started.", "program"), func(p *programCounts) int64 { return p.failed }),
	counter(newDesc("forks_refused_total", "Processes that were not started because as many ran as may.", "program"),
		func(p *programCounts) int64 { return p.noFork }),
}

// Describe implements prometheus.Collector. It describes nothing: what there is may depend on
// what has happened.
func (m *collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (m *collector) Collect(to chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.control
	var running []libwebsocketd.Conversation
	if s := c.server.Load(); s != nil {
		running = s.Conversations()
	}
	now := c.counts.snapshot(running, c.labelOf)
	for name, p := range now.programs {
		collectProgram(to, name, &p)
	}
	for name, n := range now.open {
		gauge(to, connections, n, name)
	}
	for status, n := range now.refused {
		to <- prometheus.MustNewConstMetric(refused, prometheus.CounterValue, float64(n), status)
	}
	to <- prometheus.MustNewConstMetric(build, prometheus.GaugeValue, 1, c.Version, runtime.Version())
	m.collectHub(to)
	m.collectSupervised(to)
}

func collectProgram(to chan<- prometheus.Metric, name string, p *programCounts) {
	for _, f := range families {
		to <- prometheus.MustNewConstMetric(f.desc, f.kind, float64(f.value(p)), append([]string{name}, f.label...)...)
	}
	for code, n := range p.endings {
		to <- prometheus.MustNewConstMetric(endings, prometheus.CounterValue, float64(n), name, code)
	}
}

var (
	sessions       = newDesc("sessions", "Sessions that there are.")
	hubClients     = newDesc("hub_clients", "Clients of the hub of this listener.")
	hubChannels    = newDesc("hub_channels", "Channels of the hub that have subscribers.")
	hubSubscribers = newDesc("hub_subscribers", "Subscribers of all channels of the hub together.")
	hubSlow        = newDesc("hub_slow_clients_closed_total", "Clients of the hub that were closed with 1013 because they were too slow.")
)

// collectHub collects what is not of a program.
func (m *collector) collectHub(to chan<- prometheus.Metric) {
	c := m.control
	if c.Sessions != nil {
		gauge(to, sessions, int64(c.Sessions.Len()))
	}
	stats := c.hub.Stats()
	gauge(to, hubClients, int64(stats.Clients))
	gauge(to, hubChannels, int64(stats.Channels))
	gauge(to, hubSubscribers, int64(stats.Subscribers))
	to <- prometheus.MustNewConstMetric(hubSlow, prometheus.CounterValue, float64(c.hub.SlowClients()))
}

func gauge(to chan<- prometheus.Metric, desc *prometheus.Desc, value int64, labels ...string) {
	to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value), labels...)
}
