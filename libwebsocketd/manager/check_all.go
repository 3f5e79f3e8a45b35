package manager

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"websocketd/libwebsocketd"
)

// CheckAll returns what is wrong between programs, every fault of it: a program that has the name of
// another one's instance, dependencies on a program that there is not or that is not supervised, or
// that can never be so, and cycles, each with its path.
func CheckAll(programs []libwebsocketd.Program) error {
	g := graph{apps: map[string]App{}, others: map[string]bool{}}
	for _, p := range programs {
		g.add(p)
	}
	return g.check()
}

// checkAdded returns what is wrong with the dependencies of a program that is to be added.
func (m *Manager) checkAdded(p libwebsocketd.Program) error {
	g := graph{apps: map[string]App{}, others: map[string]bool{}}
	for _, s := range m.all() {
		g.apps[s.name] = s.app
	}
	g.add(p)
	g.names = []string{p.Name}
	return g.check()
}

// graph is the dependencies between programs.
type graph struct {
	names  []string // of the supervised programs to check, in their order
	apps   map[string]App
	others map[string]bool // programs that are not supervised
}

func (g *graph) add(p libwebsocketd.Program) {
	switch life := p.Lifetime.(type) {
	case Lifetime:
		g.names, g.apps[p.Name] = append(g.names, p.Name), life.App
	case *Lifetime:
		g.names, g.apps[p.Name] = append(g.names, p.Name), life.App
	default:
		g.others[p.Name] = true
	}
}

func (g *graph) check() error {
	faults := g.collisions()
	for _, name := range g.names {
		for _, d := range g.apps[name].After {
			if why := g.never(d); why != "" {
				faults = append(faults, fmt.Errorf("program %q: after has %q: %s", name, d, why))
			}
		}
	}
	return errors.Join(append(faults, g.cycles()...)...)
}

// collisions returns a fault for each program to check one of whose instances has the name of another
// program.
func (g *graph) collisions() (faults []error) {
	for _, name := range g.names {
		of := g.apps[name].Instances
		for index := range max(of, 1) {
			instance := nameOf(name, index, of)
			if _, taken := g.apps[instance]; instance != name && (taken || g.others[instance]) {
				faults = append(faults, fmt.Errorf("program %q: its instance %s has the name of another program: give one of them another name", name, instance))
			}
		}
	}
	return faults
}

// never returns why a dependency will never be so; "" if it may be.
func (g *graph) never(d Dependency) string {
	on, ok := g.apps[d.Program]
	switch {
	case g.others[d.Program]:
		return "that program is not supervised (lifetime)"
	case !ok:
		return "there is no such program"
	case d.Condition == Completed && !on.NoRestart:
		return "it never ends for good; set autorestart = false there"
	case d.Condition == Healthy && on.Health == nil:
		return "nothing says when it is healthy; set health there"
	}
	return ""
}

// cycles returns an error for each cycle, by its path from the first program of it that is listed.
func (g *graph) cycles() (faults []error) {
	const visited, open = 1, 2
	state := map[string]int{}
	var path []string
	var visit func(name string)
	visit = func(name string) {
		state[name] = open
		path = append(path, name)
		for _, d := range g.apps[name].After {
			switch _, known := g.apps[d.Program]; {
			case !known:
			case state[d.Program] == open:
				from := slices.Index(path, d.Program)
				faults = append(faults, fmt.Errorf("these programs wait for each other (after): %s", strings.Join(append(slices.Clone(path[from:]), d.Program), " -> ")))
			case state[d.Program] != visited:
				visit(d.Program)
			}
		}
		path = path[:len(path)-1]
		state[name] = visited
	}
	for _, name := range g.names {
		if state[name] == 0 {
			visit(name)
		}
	}
	return faults
}
