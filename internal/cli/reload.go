package cli

import (
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/manager"
	"websocketd/libwebsocketd/session"
)

// reloader applies a changed configuration file while the server runs. One goroutine
// at a time uses it.
type reloader struct {
	again   func() (*options, *refusal) // resolves the settings as if the command were started now
	started *options                    // what the server was started with
	served  []libwebsocketd.Program
	server  interface {
		Reload(programs []libwebsocketd.Program) error
	}
	sessions   *session.Registry
	supervised *manager.Manager
	log        *slog.Logger
}

// reloads calls a function in a goroutine, because a file system may be slow, or not
// answer at all.
type reloads struct {
	wanted chan struct{}
	done   chan struct{}
}

// newReloads starts the goroutine that waits for ask; close ends it.
func newReloads(reload func()) *reloads {
	r := &reloads{wanted: make(chan struct{}, 1), done: make(chan struct{})}
	go func() {
		defer close(r.done)
		for range r.wanted {
			reload()
		}
	}()
	return r
}

// ask requests a reload after the one under way. Requests that have not begun are
// merged.
func (r *reloads) ask() {
	select {
	case r.wanted <- struct{}{}:
	default:
	}
}

// reloadPatience limits how long the end of the command waits for a reload.
const reloadPatience = 100 * time.Millisecond

// close waits for the reload under way, but not forever: a file system may not
// answer.
func (r *reloads) close() {
	select {
	case <-r.wanted: // a request that has not begun is dropped
	default:
	}
	close(r.wanted)
	patience := time.NewTimer(reloadPatience)
	defer patience.Stop()
	select {
	case <-r.done:
	case <-patience.C:
	}
}

// again resolves the settings again, from the arguments of the start.
func (i invocation) again() (*options, *refusal) {
	p := newParser()
	line, err := scan(p.Model.Flags, i.args)
	if err != nil { // cannot happen: the same arguments were scanned before
		return nil, &refusal{message: err.Error()}
	}
	w, _, r := i.resolve(p, line)
	return w, r
}

// reload replaces the programs served by those of the file. If something is wrong
// with the file, it logs that and changes nothing.
func (r *reloader) reload() {
	next, refused := r.again()
	if refused == nil {
		manage(next.programs, r.supervised)
		if err := r.server.Reload(next.programs); err != nil {
			refused = &refusal{message: err.Error()}
		}
	}
	if refused != nil {
		for line := range strings.SplitSeq(refused.message, "\n") {
			r.log.Error(line)
		}
		r.log.Error("Configuration not taken     : the one before stays")
		return
	}
	next.credentials.reports.logTo(r.log)
	r.log.Info("Configuration read again    : " + next.file.summary("") + changes(r.served, next.programs))
	r.served = next.programs
	r.sessions.SetLimit(next.maxSessions(r.started.Admit.Maxforks))
	r.sayRestart(next)
}

// changes returns which programs are new, changed or gone, for the log.
func changes(before, after []libwebsocketd.Program) string {
	old := map[string]libwebsocketd.Program{}
	for _, p := range before {
		old[p.Name] = p
	}
	kinds := map[string][]string{}
	for _, p := range after {
		was, known := old[p.Name]
		delete(old, p.Name)
		switch {
		case !known:
			kinds["new"] = append(kinds["new"], p.Name)
		case !reflect.DeepEqual(was, p):
			kinds["changed"] = append(kinds["changed"], p.Name)
		}
	}
	kinds["gone"] = slices.Sorted(maps.Keys(old))
	text := ""
	for _, kind := range []string{"new", "changed", "gone"} {
		if names := kinds[kind]; len(names) > 0 {
			text += "; " + kind + ": " + strings.Join(names, ", ")
		}
	}
	return text
}

// sayRestart logs the global keys that have changed since the start but need a
// restart to take effect, or full effect.
func (r *reloader) sayRestart(next *options) {
	var none, some []string
	for _, flag := range next.file.flags {
		name := flag.Name
		switch {
		case name == "maxsessions": // has taken effect
		case slices.Equal(valuesOf(r.started.layers, name), valuesOf(next.layers, name)):
		case isProgramDefault(flag) && (name != "history" || r.started.Pow.Pow == ""): // which calls have too
			some = append(some, name)
		default:
			none = append(none, name)
		}
	}
	if len(none) > 0 {
		r.log.Info("Needs a restart             : " + strings.Join(none, ", "))
	}
	if others := len(next.command) > 0 || next.Program.Dir != "" || next.Beside.Cgidir != ""; others && len(some) > 0 {
		r.log.Info(fmt.Sprintf("Needs a restart             : %s, for all but the programs of the file", strings.Join(some, ", ")))
	}
}

// valuesOf returns the values that decide about a flag.
func valuesOf(layers [][]setting, name string) (values []string) {
	for _, s := range layered(layers...) {
		if s.flag.Name == name {
			values = append(values, s.value)
		}
	}
	return values
}
