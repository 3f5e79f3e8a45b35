package ctl

import (
	"slices"
	"strings"
)

// task is a word that something is done about.
type task struct {
	word    string
	program string   // "": it stands for no supervised program
	after   []string // programs that it is started after
	stopped bool     // something of it does not run, nor will by itself
	needs   []*task  // those of after that something is done about, too
	err     error    // why it was not done
}

// newTask returns the task of a word that means these instances.
func newTask(word string, of []entry[process]) *task {
	t := &task{word: word}
	for _, one := range of {
		p := &one.Doc
		t.program = p.program()
		t.stopped = t.stopped || p.Status == "stopped" || p.Status == "errored"
		for _, dependency := range p.After {
			t.after = append(t.after, programOf(dependency))
		}
	}
	return t
}

// programOf returns the program of a dependency, as in db:ready.
func programOf(dependency string) string {
	if i := strings.LastIndexByte(dependency, ':'); i >= 0 {
		return dependency[:i]
	}
	return dependency
}

// inWaves returns tasks in groups. With first, a program comes in a later group than all that it
// is started after; otherwise in an earlier one.
func inWaves(tasks []*task, first bool) (waves [][]*task) {
	for _, t := range tasks {
		for _, other := range tasks {
			if other != t && slices.Contains(t.after, other.program) {
				t.needs = append(t.needs, other)
			}
		}
	}
	for left := slices.Clone(tasks); len(left) > 0; {
		var wave []*task
		for _, t := range left {
			if !slices.ContainsFunc(t.needs, func(n *task) bool { return slices.Contains(left, n) }) {
				wave = append(wave, t)
			}
		}
		if len(wave) == 0 { // a cycle, which a server refuses
			wave = slices.Clone(left)
		}
		waves = append(waves, wave)
		left = slices.DeleteFunc(left, func(t *task) bool { return slices.Contains(wave, t) })
	}
	if !first {
		slices.Reverse(waves)
	}
	return waves
}
