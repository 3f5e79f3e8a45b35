package ctl

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"websocketd/internal/terminal"
	"websocketd/libwebsocketd/bridge"
)

// processesPath is where a server has its supervised programs.
const processesPath = "/api/processes"

// process is the document about an instance of a supervised program.
type process struct {
	ID       int      `json:"id"`
	Name     string   `json:"name"` // of the instance
	Program  string   `json:"program"`
	Status   string   `json:"status"`
	Pid      int      `json:"pid"`    // 0: there is no process
	Port     int      `json:"port"`   // 0: it has none
	Uptime   int64    `json:"uptime"` // in milliseconds
	Restarts int      `json:"restarts"`
	CPU      float64  `json:"cpu"`    // percent of one core
	Memory   int64    `json:"memory"` // bytes
	Health   string   `json:"health_status"`
	After    []string `json:"after"` // what the program is started after: db:ready
	Waits    []string `json:"waits"` // what of that is not so yet
	Why      string   `json:"why"`
	Notice   string   `json:"notice"` // what it says of itself
	Exit     *int     `json:"exit_code"`
	Viewers  int      `json:"viewers"`
}

// statusOnline is that of a process which runs as it should.
const statusOnline = "online"

// enveloped is an answer about supervised programs.
type enveloped[T any] struct {
	Success bool   `json:"success"`
	Data    T      `json:"data"`
	Message string `json:"message"`
	Error   string `json:"error"`
}

// processes reads all instances of all supervised programs.
func (c *caller) processes(ctx context.Context) ([]entry[process], error) {
	var answer enveloped[[]entry[process]]
	if _, err := c.server.get(ctx, processesPath, &answer); err != nil {
		return nil, err
	}
	return answer.Data, nil
}

// ps shows the supervised programs.
func (c *caller) ps(signals *terminal.Interrupts) (int, error) {
	all, err := c.processes(signals.Context())
	if err != nil {
		return exitFailed, err
	}
	return exitOK, c.table(tableOf(all), raws(all))
}

// raws returns documents as they came.
func raws[T any](all []entry[T]) []json.RawMessage {
	documents := make([]json.RawMessage, 0, len(all))
	for _, one := range all {
		documents = append(documents, one.Raw)
	}
	return documents
}

// tableOf returns a table with a row for each instance.
func tableOf(all []entry[process]) *table {
	t := &table{columns: []column{{title: "ID", right: true}, {title: "NAME"}, {title: "STATUS"}, {title: "PID", right: true}, {title: "PORT", right: true},
		{title: "UPTIME", right: true}, {title: "RESTARTS", right: true}, {title: "CPU", right: true}, {title: "MEMORY", right: true}, {title: "HEALTH"}, {title: "VIEWERS", right: true}, {title: "NOTE", long: true}}}
	for _, one := range all {
		p := &one.Doc
		t.add(strconv.Itoa(p.ID), p.Name, p.Status, numberText(p.Pid), numberText(p.Port), p.uptime(), strconv.Itoa(p.Restarts),
			p.measured(strconv.FormatFloat(p.CPU, 'f', 1, 64)+"%"), p.measured(sizeText(p.Memory)), p.health(), strconv.Itoa(p.Viewers), p.note())
	}
	return t
}

// uptime returns how long the process has run; "" while there is none.
func (p *process) uptime() string {
	if p.Pid == 0 {
		return ""
	}
	return ageText(time.Duration(p.Uptime) * time.Millisecond)
}

// measured returns a text about what the process uses; "" while that is not known.
func (p *process) measured(text string) string {
	if p.Pid == 0 || p.Memory == 0 {
		return ""
	}
	return text
}

// health returns what checks have found; "" if nothing.
func (p *process) health() string {
	if p.Health == "unknown" {
		return ""
	}
	return p.Health
}

// note returns what is to be said of an instance besides: why it is not online, or what it says
// of itself.
func (p *process) note() string {
	switch {
	case len(p.Waits) > 0:
		return "waits for " + strings.Join(p.Waits, ", ")
	case p.Status == statusOnline:
		return p.Notice
	case p.Why != "":
		return p.Why
	case p.Pid == 0 && p.Exit != nil && *p.Exit >= 0:
		return fmt.Sprintf("exit status %d", *p.Exit)
	}
	return p.Notice
}

// program returns the name of the program.
func (p *process) program() string {
	if p.Program != "" {
		return p.Program
	}
	return p.Name
}

// named returns the instances that a word means: those of a program, or one by its name or by
// its id, as the server has it.
func named(all []entry[process], word string) []entry[process] {
	for _, means := range []func(*process) bool{
		func(p *process) bool { return p.program() == word },
		func(p *process) bool { return p.Name == word },
		func(p *process) bool { return strconv.Itoa(p.ID) == word },
	} {
		if found := filter(all, means); len(found) > 0 {
			return found
		}
	}
	return nil
}

// filter returns the entries of which something is true.
func filter(all []entry[process], is func(*process) bool) (found []entry[process]) {
	for _, one := range all {
		if is(&one.Doc) {
			found = append(found, one)
		}
	}
	return found
}

// processPath returns where the server has what a word means.
func processPath(word string) string { return processesPath + "/" + url.PathEscape(word) }

// instance returns the instance of a name, where there is one beside its program; nil if there
// is none.
func (c *caller) instance(ctx context.Context, word string, programs []entry[program]) (*target, error) {
	if !slices.ContainsFunc(programs, func(p entry[program]) bool { return p.Doc.Lifetime == lifetimeSupervised }) {
		return nil, nil
	}
	all, err := c.processes(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		if p := &one.Doc; p.Name == word && p.program() != word {
			return &target{kind: kindInstance, name: word, of: p.program(), document: one.Raw}, nil
		}
	}
	return nil, nil
}

// fillers are what documents of instances have for those who expect PM2's, and have elsewhere, too.
var fillers = []string{"pm_id", "instance_id", "restart_time", "exec_mode", "monit", "pm2_env", "cpu_usage", "memory_usage"}

// infoSupervised shows what is known of a supervised program, and of its instances.
func (c *caller) infoSupervised(ctx context.Context, t *target) error {
	if c.JSON {
		return c.document(t.document)
	}
	all, err := c.processes(ctx)
	if err != nil {
		return err
	}
	if err := c.fields(t.String(), t.document, "instances", "processes", "maxforks", "sessions"); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(c.Stdout); err != nil {
		return err
	}
	all = filter(all, func(p *process) bool { return p.program() == t.name })
	if len(all) == 1 {
		return c.fields("instance "+all[0].Doc.Name, all[0].Raw, fillers...)
	}
	return c.table(tableOf(all), nil)
}

// oneInstance is the error of an instance that has no channel of its own.
type oneInstance struct{ name, program string }

func (o *oneInstance) Error() string {
	return fmt.Sprintf("%s is one instance of several, which have one channel: name %s", o.name, o.program)
}

// record is a line that an instance has written.
type record struct {
	Type    string `json:"type"` // stdout or stderr
	Message string `json:"message"`
}

// mostRecords is how many the server tells at most.
const mostRecords = 10_000

// recent prints the newest lines of an instance, those of standard error among them.
func (c *caller) recent(ctx context.Context, name string) error {
	lines := mostRecords
	if c.Lines >= 0 {
		lines = min(lines, c.Lines)
	}
	var answer enveloped[struct{ Records []entry[record] }]
	if _, err := c.server.get(ctx, processPath(name)+"/logs?lines="+strconv.Itoa(lines), &answer); err != nil {
		return err
	}
	to := c.printer()
	for _, one := range answer.Data.Records {
		line := &envelope{raw: one.Raw, output: &bridge.Message{Kind: bridge.Text, Data: []byte(one.Doc.Message)}}
		if err := to.take(line); err != nil {
			return err
		}
	}
	return to.flush()
}
