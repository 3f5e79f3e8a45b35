package ctl

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"websocketd/internal/terminal"
)

// list shows the programs.
func (c *caller) list(signals *terminal.Interrupts) (int, error) {
	t := table{columns: []column{{title: "NAME"}, {title: "PATH"}, {title: "LIFETIME"}, {title: "FRAMING"},
		{title: "PROCESSES", right: true}, {title: "CONNECTIONS", right: true}, {title: "SESSIONS", right: true}, {title: "COMMAND", long: true}}}
	return tell(c, signals, &t, "/api/programs", func(p *program, _ time.Time) []string {
		return []string{p.Name, p.Path, p.lifetime(), p.Framing, p.processes(), strconv.Itoa(p.Connections), strconv.Itoa(p.Sessions), strings.Join(p.Command, " ")}
	})
}

// sessions shows the sessions.
func (c *caller) sessions(signals *terminal.Interrupts) (int, error) {
	t := table{columns: []column{{title: "NUMBER", right: true}, {title: "ID"}, {title: "PROGRAM"}, {title: "PID", right: true},
		{title: "AGE", right: true}, {title: "VIEWERS", right: true}, {title: "MESSAGES", right: true}, {title: "CONFIRMED", right: true}, {title: "STATE", long: true}, {title: "PATH", long: true}}}
	return tell(c, signals, &t, "/api/sessions", func(x *session, now time.Time) []string {
		state := "running"
		if x.Ended != nil {
			state = "ended: " + x.Ended.Reason
		} else if x.Pid == 0 {
			state = "starting"
		}
		return []string{strconv.FormatUint(x.Number, 10), x.ID, x.Program, numberText(x.Pid), sinceText(x.Began, now), strconv.Itoa(x.Viewers),
			strconv.FormatUint(x.Last, 10), strconv.FormatUint(x.Confirmed, 10), state, x.Path}
	})
}

// connections shows the connections.
func (c *caller) connections(signals *terminal.Interrupts) (int, error) {
	t := table{columns: []column{{title: "ID"}, {title: "PROGRAM"}, {title: "PID", right: true}, {title: "REMOTE"},
		{title: "USER"}, {title: "AGE", right: true}, {title: "IN", right: true}, {title: "OUT", right: true}, {title: "PATH", long: true}}}
	return tell(c, signals, &t, "/api/connections", func(x *connection, now time.Time) []string {
		return []string{x.ID, x.Program, numberText(x.Pid), x.Remote, x.User, sinceText(x.Since, now), sizeText(x.BytesIn), sizeText(x.BytesOut), x.Path}
	})
}

// tell reads a list, and prints a row for each entry.
func tell[T any](c *caller, signals *terminal.Interrupts, t *table, path string, row func(x *T, now time.Time) []string) (int, error) {
	all, err := list[entry[T]](signals.Context(), c.server, path)
	if err != nil {
		return exitFailed, err
	}
	now, documents := time.Now(), make([]json.RawMessage, 0, len(all))
	for i := range all {
		t.add(row(&all[i].Doc, now)...)
		documents = append(documents, all[i].Raw)
	}
	return exitOK, c.table(t, documents)
}

// info shows what is known of the server, or of something that it has.
func (c *caller) info(signals *terminal.Interrupts) (int, error) {
	ctx := signals.Context()
	if len(c.Names) == 0 {
		var document json.RawMessage
		if _, err := c.server.get(ctx, "/api/server", &document); err != nil {
			return exitFailed, err
		}
		return exitOK, c.fields("server at "+c.server.String(), document)
	}
	t, err := c.resolve(ctx, c.Names[0])
	if err != nil {
		return exitFailed, err
	}
	if t.kind == kindProgram && t.lifetime == lifetimeSupervised {
		return exitOK, c.infoSupervised(ctx, t)
	}
	return exitOK, c.fields(t.String(), t.document, fillers...)
}

// deed is what was done about a name.
type deed struct {
	Name  string `json:"name"`
	Ended *int   `json:"ended,omitempty"` // processes of a program
	Done  string `json:"done,omitempty"`  // what has become of a supervised program
	Error string `json:"error,omitempty"`

	sentence string // for people
}

// kick ends connections.
func (c *caller) kick(signals *terminal.Interrupts) (int, error) {
	return c.each(signals.Context(), func(ctx context.Context, id string) (deed, error) {
		t := target{kind: kindConnection, name: strings.TrimPrefix(id, channelPrefix)}
		if !isSegment(t.name) {
			return deed{}, &unknown{id}
		}
		err := c.server.delete(ctx, t.path(), new(json.RawMessage))
		if err != nil {
			err = c.notKicked(ctx, id, err)
		}
		return deed{sentence: "kicked"}, err
	})
}

// end ends all processes of a program, or that of a session or a connection.
func (c *caller) end(signals *terminal.Interrupts) (int, error) {
	return c.each(signals.Context(), func(ctx context.Context, name string) (deed, error) {
		t, err := c.resolve(ctx, name)
		if err != nil {
			return deed{}, err
		}
		switch {
		case t.kind == kindInstance:
			return deed{}, fmt.Errorf("this is %s of a supervised program: %s stop stops it, and restart gives it another process", t, command)
		case t.kind != kindProgram:
			return deed{sentence: "ended " + t.String()}, c.server.delete(ctx, t.path(), new(json.RawMessage))
		}
		var answer struct{ Ended int }
		err = c.server.delete(ctx, t.path()+"/processes", &answer)
		return deed{Ended: &answer.Ended, sentence: "ended " + count(answer.Ended, "process", "processes")}, err
	})
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
