package control

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/hub"
	"websocketd/libwebsocketd/manager"
)

// Types of events, as PMDaemon documents them.
const (
	eventStatus  = "process_status"
	eventMetrics = "process_metrics"
	eventSystem  = "system_metrics"
	eventHealth  = "health_update"
	eventProcess = "process_event"
	eventLog     = "log_message"
)

var eventTypes = []string{eventStatus, eventMetrics, eventSystem, eventHealth, eventProcess, eventLog}

// events is PMDaemon's vocabulary on /ws: what happens to supervised programs, as it happens, and
// their metrics at intervals. Whoever tells an event never waits: a client that does not take its
// events misses lines of programs, and is closed with 1013 before it misses another event.
type events struct {
	control *Control
	ids     atomic.Uint64
	running sync.WaitGroup // pulses and commands
	busy    chan struct{}  // a place for each command that runs

	mu        sync.Mutex // taken while the Manager's locks are held: who holds it must not call the Manager
	listeners map[*hub.Client]*listener
	pulses    map[time.Duration]*pulse
}

// listener is a client's subscription to events.
type listener struct {
	client   *hub.Client
	events   map[string]bool
	programs []string // names of programs and instances; nil is all
	interval time.Duration
	missed   int // lines that were left out and are not told yet
}

func newEvents(c *Control) *events {
	return &events{
		control: c, busy: make(chan struct{}, mostCommands), listeners: map[*hub.Client]*listener{}, pulses: map[time.Duration]*pulse{},
	}
}

// wants reports whether the subscription has a type of events, of a program if it is of one.
func (l *listener) wants(kind string, about *manager.Info) bool {
	return l.events[kind] && (about == nil || l.hasProgram(about))
}

func (l *listener) hasProgram(about *manager.Info) bool {
	return l.programs == nil || slices.Contains(l.programs, about.Program) || slices.Contains(l.programs, about.Name)
}

// envelope is a message of this vocabulary.
type envelope struct {
	Type      string          `json:"type"`
	ID        json.RawMessage `json:"id,omitempty"` // of an answer: that of the request
	Data      any             `json:"data"`
	Timestamp string          `json:"timestamp"`
}

// form returns a message as JSON. Without an ID it has one of its own.
func (e *events) form(kind string, id json.RawMessage, at time.Time, data any) []byte {
	if id == nil {
		id = strconv.AppendQuote(nil, "m-"+strconv.FormatUint(e.ids.Add(1), 10))
	}
	return encode(envelope{kind, id, data, at.UTC().Format("2006-01-02T15:04:05.000Z")})
}

// hear passes an event on to those who want it.
func (e *events) hear(what manager.Event) {
	kind, all := e.messagesOf(&what)
	e.mu.Lock()
	defer e.mu.Unlock()
	var formed [][]byte
	for _, l := range e.listeners {
		if !l.wants(kind, &what.Info) {
			continue
		}
		if formed == nil {
			for _, data := range all() {
				formed = append(formed, e.form(kind, nil, what.At, data))
			}
		}
		if kind == eventLog {
			e.tellLines(l, &what, formed)
			continue
		}
		l.client.Post(formed[0])
	}
}

// tellLines passes lines on. Those that there is no room for, because a program writes faster than
// the client reads, are left out, and their number is told where they would have been: they are in
// the program's channel, and in its log files. e.mu is held.
func (e *events) tellLines(l *listener, what *manager.Event, lines [][]byte) {
	for _, line := range lines {
		if l.missed > 0 && l.client.TryPost(e.form(eventLog, nil, what.At, leftOut(&what.Info, l.missed))) {
			l.missed = 0
		}
		if l.missed > 0 || !l.client.TryPost(line) {
			l.missed++
		}
	}
}

// leftOut is the log_message about lines that were left out.
func leftOut(about *manager.Info, lines int) logMessage {
	return logMessage{about.Program, about.Instance, "warn", fmt.Sprintf("[websocketd: %d lines were left out: they came faster than they were read]", lines), string(manager.Stderr)}
}

// statusChange is the data of a process_status.
type statusChange struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Status   string `json:"status"`
	Pid      *int   `json:"pid"`  // null: no process
	Port     *int   `json:"port"` // null: none
	Previous string `json:"previous_status"`
	Why      string `json:"why,omitempty"` // ours: why it is errored, or waits
}

// processEvent is the data of a process_event.
type processEvent struct {
	Event   string         `json:"event"`
	Process string         `json:"process"`
	Details map[string]any `json:"details"`
}

// healthUpdate is the data of a health_update.
type healthUpdate struct {
	Process   string         `json:"process"`
	Status    string         `json:"status"`
	Previous  string         `json:"previous_status"`
	CheckType string         `json:"check_type"`
	Details   map[string]any `json:"details"`
}

// logMessage is the data of a log_message.
type logMessage struct {
	Process  string `json:"process"`
	Instance int    `json:"instance"`
	Level    string `json:"level"`
	Message  string `json:"message"`
	Stream   string `json:"stream"`
}

// messagesOf returns the type of an event, and what returns the data of its messages.
func (e *events) messagesOf(what *manager.Event) (kind string, all func() []any) {
	about := &what.Info
	switch {
	case what.Status != nil:
		return eventStatus, one(statusChange{
			about.ID, about.Name, string(about.Status), orNull(about.Pid), orNull(about.Port), string(what.Status.Previous), about.Why,
		})
	case what.Event != nil:
		return eventProcess, one(processEvent{string(what.Event.Name), about.Name, detailsOf(about, what.Event)})
	case what.Health != nil:
		r := &what.Health.Result
		details := map[string]any{"response_time": r.Took.Milliseconds(), "status_code": r.Status}
		if r.Target != "" {
			details["url"] = r.Target
		}
		if r.Why != "" {
			details["error"] = r.Why
		}
		return eventHealth, one(healthUpdate{about.Name, string(about.Health), string(what.Health.Previous), r.Kind, details})
	}
	return eventLog, func() []any { return logMessages(about, what.Lines) }
}

func one(data any) func() []any { return func() []any { return []any{data} } }

// detailsOf returns the details of a process_event.
func detailsOf(about *manager.Info, what *manager.Lifecycle) map[string]any {
	details := map[string]any{"pid": orNull(what.Pid), "port": orNull(about.Port)}
	if what.Took > 0 {
		details["startup_time"] = what.Took.Milliseconds()
	}
	if what.Exit != nil {
		details["exit_code"] = *what.Exit
	}
	if what.Details != "" {
		details["reason"] = what.Details
	}
	return details
}

func logMessages(about *manager.Info, lines *manager.Lines) (all []any) {
	level := "info"
	if lines.Stream == manager.Stderr {
		level = "error"
	}
	for _, text := range lines.Text {
		all = append(all, logMessage{about.Program, about.Instance, level, text, string(lines.Stream)})
	}
	return all
}

// orNull returns a number for JSON, where 0 stands for none.
func orNull(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}
