package control

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"websocketd/libwebsocketd/hub"
	"websocketd/libwebsocketd/internal/text"
	"websocketd/libwebsocketd/manager"
)

const (
	leastInterval   = 100 * time.Millisecond
	defaultInterval = time.Second
	mostInterval    = time.Hour
	mostFilters     = 1000 // names in processes
	mostID          = 256  // bytes of the id of a request

	codeInvalidEvent  = "INVALID_EVENT"
	codeInvalidAction = "INVALID_ACTION"
	codeForbidden     = "FORBIDDEN"
)

// eventRequest is what a client asks for in this vocabulary.
type eventRequest struct {
	Type string          `json:"type"`
	ID   json.RawMessage `json:"id"`
	Data json.RawMessage `json:"data"`
}

// id returns the ID for the answer: a string or a number, else null.
func (r *eventRequest) id() json.RawMessage {
	if len(r.ID) == 0 || len(r.ID) > mostID || r.ID[0] == '{' || r.ID[0] == '[' {
		return json.RawMessage("null")
	}
	return slices.Clone(r.ID)
}

// obey does what a message asks for that the hub knows nothing of. What means nothing is ignored, as
// there.
func (e *events) obey(c *hub.Client, message []byte) {
	var r eventRequest
	if json.Unmarshal(message, &r) != nil {
		return
	}
	switch r.Type {
	case "subscribe":
		e.subscribe(c, &r)
	case "unsubscribe":
		e.unsubscribe(c, &r)
	case "command":
		e.command(c, &r)
	case "get_info":
		e.getInfo(c, &r)
	case "get_system":
		e.post(c, "get_system_result", &r, systemMetricsOf(e.control.Programs.System()))
	}
}

// post answers a request.
func (e *events) post(c *hub.Client, kind string, r *eventRequest, data any) {
	c.Post(e.form(kind, r.id(), time.Now(), data))
}

// refusal is the data of an error.
type refusal struct {
	Message string `json:"message"`
	Code    string `json:"code"`
}

func (e *events) refuse(c *hub.Client, r *eventRequest, code, format string, about ...any) {
	e.post(c, "error", r, refusal{fmt.Sprintf(format, about...), code})
}

// subscription is the data of a subscribe.
type subscription struct {
	Events    []string `json:"events"`
	Processes []string `json:"processes"` // null is all
	Interval  *float64 `json:"interval"`  // milliseconds
}

// read reads a subscription, or answers why it is none.
func (e *events) read(c *hub.Client, r *eventRequest) (s subscription, ok bool) {
	if err := json.Unmarshal(r.Data, &s); err != nil || len(r.Data) == 0 || r.Data[0] != '{' {
		e.refuse(c, r, codeInvalidEvent, `%s: data is no {"events": ["process_status", ..], "processes": ["NAME", ..], "interval": MILLISECONDS}`, r.Type)
		return s, false
	}
	switch {
	case len(s.Events) == 0:
		e.refuse(c, r, codeInvalidEvent, "%s: events names none; there are %s", r.Type, strings.Join(eventTypes, ", "))
		return s, false
	case len(s.Processes) > mostFilters:
		e.refuse(c, r, codeInvalidEvent, "%s: processes has %d names, %d at most", r.Type, len(s.Processes), mostFilters)
		return s, false
	}
	known := s.Events[:0]
	for _, event := range s.Events {
		if slices.Contains(eventTypes, event) {
			known = append(known, event)
			continue
		}
		e.refuse(c, r, codeInvalidEvent, "%s: there is no event %s; there are %s", r.Type, text.Quote(event), strings.Join(eventTypes, ", "))
	}
	s.Events = known
	return s, len(known) > 0
}

// every returns how often the metrics of a subscription are sent.
func (s *subscription) every() time.Duration {
	if s.Interval == nil {
		return defaultInterval
	}
	ms := min(max(*s.Interval, float64(leastInterval.Milliseconds())), float64(mostInterval.Milliseconds()))
	return time.Duration(ms) * time.Millisecond
}

// subscribe adds events to what a client gets. The programs and the interval are those of the
// latest subscription, for all of its events.
func (e *events) subscribe(c *hub.Client, r *eventRequest) {
	s, ok := e.read(c, r)
	if !ok {
		return
	}
	var now figures
	measures := slices.Contains(s.Events, eventMetrics) || slices.Contains(s.Events, eventSystem)
	if measures {
		now = e.figures()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.listeners[c]
	if l == nil {
		l = &listener{client: c, events: map[string]bool{}}
		e.listeners[c] = l
		c.Withdraw()
	}
	var added []string
	for _, event := range s.Events {
		if !l.events[event] {
			added = append(added, event)
			l.events[event] = true
		}
	}
	if slices.Contains(added, eventLog) {
		e.control.Programs.WantLines(true)
	}
	l.programs, l.interval = s.Processes, s.every()
	if measures {
		e.send([]*listener{l}, now) // the first figures come at once
	}
	e.setPulses()
}

// unsubscribe takes events away from what a client gets.
func (e *events) unsubscribe(c *hub.Client, r *eventRequest) {
	s, ok := e.read(c, r)
	if !ok {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if l := e.listeners[c]; l != nil {
		e.drop(l, s.Events)
	}
}

// forget ends all of a client's subscription: it is gone.
func (e *events) forget(c *hub.Client) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if l := e.listeners[c]; l != nil {
		e.drop(l, eventTypes)
	}
}

// drop takes events away from a subscription; e.mu is held.
func (e *events) drop(l *listener, events []string) {
	if l.events[eventLog] && slices.Contains(events, eventLog) {
		e.control.Programs.WantLines(false)
	}
	for _, event := range events {
		delete(l.events, event)
	}
	if len(l.events) == 0 {
		delete(e.listeners, l.client)
		l.client.Join()
	}
	e.setPulses()
}

// getInfo answers what is known of a program.
func (e *events) getInfo(c *hub.Client, r *eventRequest) {
	var asked struct {
		Process string `json:"process"`
	}
	json.Unmarshal(r.Data, &asked) // what is no object names no program
	found, err := e.control.Programs.Find(asked.Process)
	if err != nil {
		e.fail(c, r, err)
		return
	}
	if len(found) == 1 {
		e.post(c, "get_info_result", r, infoOf(&found[0], time.Now()))
		return
	}
	all := []processInfo{}
	for i := range found {
		all = append(all, infoOf(&found[i], time.Now()))
	}
	e.post(c, "get_info_result", r, map[string]any{"name": asked.Process, "processes": all})
}

// fail answers with an error of the manager.
func (e *events) fail(c *hub.Client, r *eventRequest, err error) {
	code := manager.CodeOperation
	if known, ok := err.(*manager.Error); ok {
		code = known.Code
	}
	e.refuse(c, r, code, "%v", err)
}
