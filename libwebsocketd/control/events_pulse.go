package control

import (
	"context"
	"time"

	"websocketd/libwebsocketd/manager"
)

// pulse sends metrics to the clients of one interval.
type pulse struct{ stop context.CancelFunc }

// setPulses makes a pulse for each interval that a client has asked for metrics at, and ends the
// others; e.mu is held.
func (e *events) setPulses() {
	wanted := map[time.Duration]bool{}
	for _, l := range e.listeners {
		if l.events[eventMetrics] || l.events[eventSystem] {
			wanted[l.interval] = true
		}
	}
	for interval, p := range e.pulses {
		if !wanted[interval] {
			p.stop()
			delete(e.pulses, interval)
		}
	}
	for interval := range wanted {
		if e.pulses[interval] == nil && e.control.going.Err() == nil {
			ctx, stop := context.WithCancel(e.control.going)
			e.pulses[interval] = &pulse{stop}
			e.running.Go(func() { e.run(ctx, interval) })
		}
	}
}

// run sends metrics at an interval until ctx is done.
func (e *events) run(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		e.beat(func(l *listener) bool { return l.interval == interval })
	}
}

// processMetrics is the data of a process_metrics.
type processMetrics struct {
	Processes []metricsEntry `json:"processes"`
}

// metricsEntry is a program in it.
type metricsEntry struct {
	ID       int     `json:"id"`
	Name     string  `json:"name"`
	Status   string  `json:"status"`
	CPU      float64 `json:"cpu"`    // percent of one core
	Memory   int64   `json:"memory"` // bytes
	Uptime   int64   `json:"uptime"` // milliseconds
	Restarts int     `json:"restarts"`
}

func metricsOf(about *manager.Info, now time.Time) metricsEntry {
	return metricsEntry{about.ID, about.Name, string(about.Status), round(about.CPU), about.Memory, about.Uptime(now).Milliseconds(), about.Restarts}
}

// processInfo is what there is to tell of an instance.
type processInfo struct {
	metricsEntry
	Pid      *int     `json:"pid"`
	Port     *int     `json:"port"`
	Health   string   `json:"health_status"`
	ExitCode *int     `json:"exit_code"`
	Instance int      `json:"instance"`
	Program  string   `json:"program"`
	Path     string   `json:"path"`
	After    []string `json:"after"`
	Waits    []string `json:"waits"`
	Viewers  int      `json:"viewers"`
	Why      string   `json:"why"`
	Notice   string   `json:"notice"` // what it says of itself
}

func infoOf(about *manager.Info, now time.Time) processInfo {
	return processInfo{
		metricsOf(about, now), orNull(about.Pid), orNull(about.Port), string(about.Health), about.Exit, about.Instance,
		about.Program, about.Path, append([]string{}, about.After...), append([]string{}, about.Waits...), about.Viewers, about.Why, about.Notice,
	}
}

// figures are what is known at one moment, for the clients that are due.
type figures struct {
	infos  []manager.Info
	system manager.System
}

// figures finds out what there is to send. e.mu must not be held: the Manager tells events with its
// own locks held, and hear takes e.mu then.
func (e *events) figures() figures {
	return figures{e.control.Programs.List(), e.control.Programs.System()}
}

// beat sends metrics to the clients that are due.
func (e *events) beat(isDue func(l *listener) bool) {
	now := e.figures()
	e.mu.Lock()
	defer e.mu.Unlock()
	var due []*listener
	for _, l := range e.listeners {
		if isDue(l) {
			due = append(due, l)
		}
	}
	e.send(due, now)
}

// send sends figures to clients; e.mu is held. What several get is formed once.
func (e *events) send(due []*listener, now figures) {
	var all, system []byte
	for _, l := range due {
		if l.events[eventMetrics] {
			message := all
			if l.programs != nil || all == nil {
				message = e.metrics(l, now.infos)
			}
			if l.programs == nil {
				all = message
			}
			l.client.Post(message)
		}
		if l.events[eventSystem] {
			if system == nil {
				system = e.form(eventSystem, nil, time.Now(), systemMetricsOf(now.system))
			}
			l.client.Post(system)
		}
	}
}

// metrics returns the process_metrics of a client.
func (e *events) metrics(l *listener, infos []manager.Info) []byte {
	now, data := time.Now(), processMetrics{[]metricsEntry{}}
	for i := range infos {
		if l.hasProgram(&infos[i]) {
			data.Processes = append(data.Processes, metricsOf(&infos[i], now))
		}
	}
	return e.form(eventMetrics, nil, now, data)
}

// systemMetrics is the data of a system_metrics.
type systemMetrics struct {
	CPU struct {
		Usage float64 `json:"usage"` // percent of all cores
		Cores int     `json:"cores"`
	} `json:"cpu"`
	Memory struct {
		Total       uint64  `json:"total"` // bytes
		Used        uint64  `json:"used"`
		Available   uint64  `json:"available"`
		UsedPercent float64 `json:"usage_percent"`
	} `json:"memory"`
	Load struct {
		One     float64 `json:"one"`
		Five    float64 `json:"five"`
		Fifteen float64 `json:"fifteen"`
	} `json:"load"`
}

func systemMetricsOf(s manager.System) (m systemMetrics) {
	m.CPU.Usage, m.CPU.Cores = round(s.CPU), s.Cores
	m.Memory.Total, m.Memory.Used, m.Memory.Available = s.Total, s.Used, s.Available
	if s.Total > 0 {
		m.Memory.UsedPercent = round(100 * float64(s.Used) / float64(s.Total))
	}
	m.Load.One, m.Load.Five, m.Load.Fifteen = s.Load[0], s.Load[1], s.Load[2]
	return m
}

// round returns a percentage with two digits after the point.
func round(percent float64) float64 { return float64(int64(percent*100+0.5)) / 100 }
