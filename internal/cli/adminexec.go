package cli

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/manager"
)

// newProgram returns the function that makes a supervised program of settings in JSON that are not
// of the file: those of an app, with the flags as its defaults. It may be called concurrently.
func (w *options) newProgram(supervised *manager.Manager) func(name string, config []byte) (libwebsocketd.Program, error) {
	var turn sync.Mutex // the parser of the flags is one for all
	return func(name string, config []byte) (libwebsocketd.Program, error) {
		turn.Lock()
		defer turn.Unlock()
		table, syntax := parseJSON(config)
		if syntax != nil {
			return libwebsocketd.Program{}, fmt.Errorf("config:%d:%d: %s", syntax.pos.line, syntax.pos.column, syntax.message)
		}
		if name != "" {
			table.put(fileKey{"name", table.pos}, &fileValue{kind: fileString, pos: table.pos, text: name})
		}
		one := *w
		one.file = &configFile{faults: faults{inJSON: true}, flags: w.file.flags, broken: map[string]bool{}, looked: map[string]found{}}
		p := one.file.readApp(table)
		one.file.programs = []*fileProgram{p}
		var program libwebsocketd.Program
		if len(one.file.faults.all) == 0 {
			program, _ = one.program(p)
		}
		if err := one.file.faults.error(p.title()); err != nil {
			return libwebsocketd.Program{}, err
		}
		programs := []libwebsocketd.Program{program}
		manage(programs, supervised)
		return programs[0], nil
	}
}

// error returns all faults in one line, or nil. title is what they are about.
func (f *faults) error(title string) error {
	var all []string
	for _, fault := range f.all {
		all = append(all, fault.message)
	}
	if len(all) == 0 {
		return nil
	}
	return errors.New(title + ": " + strings.Join(all, "; "))
}
