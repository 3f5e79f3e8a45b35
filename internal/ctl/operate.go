package ctl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"websocketd/internal/terminal"
)

// everything is the word for all supervised programs.
const everything = "all"

// mostAtOnce is how much is asked of the server at once: it allows 32 connections or more.
const mostAtOnce = 16

// operation is what is done to supervised programs.
type operation struct {
	method string
	action string // behind the path of the program; "" is none
	done   string // what has become of it, for people
	first  bool   // a program comes before those that are started after it; else behind them
}

// operations has what the verbs do.
var operations = map[string]operation{
	verbStart:   {http.MethodPost, "/start", "started", true},
	verbStop:    {http.MethodPost, "/stop", "stopped", false},
	verbRestart: {http.MethodPost, "/restart", "restarted", true},
	verbReload:  {http.MethodPost, "/reload", "reloaded", true},
	verbDelete:  {http.MethodDelete, "", "deleted", false},
}

// operate does something to supervised programs: at once where none is started after another,
// else in that order.
func (c *caller) operate(signals *terminal.Interrupts) (status int, err error) {
	ctx, does := signals.Context(), operations[c.Verb]
	all, err := c.processes(ctx)
	if err != nil {
		return exitFailed, err
	}
	tasks, err := c.tasks(all)
	if err != nil {
		return exitFailed, err
	}
	places := make(chan struct{}, mostAtOnce)
	for _, wave := range inWaves(tasks, does.first) {
		var going sync.WaitGroup
		for _, t := range wave {
			places <- struct{}{}
			going.Go(func() {
				defer func() { <-places }()
				t.err = c.perform(ctx, does, t)
			})
		}
		going.Wait()
		for _, t := range wave {
			if failed, err := c.report(ctx, t.err, deed{Name: t.word, Done: does.done, sentence: does.done}); err != nil {
				return exitFailed, err
			} else if failed {
				status = exitFailed
			}
		}
	}
	return status, nil
}

// tasks returns what the names stand for. The word all stands for all supervised programs, those
// of which nothing runs for start.
func (c *caller) tasks(all []entry[process]) (tasks []*task, err error) {
	if !slices.Contains(c.Names, everything) {
		for _, word := range c.Names {
			tasks = append(tasks, newTask(word, named(all, word)))
		}
		return tasks, nil
	}
	switch {
	case len(named(all, everything)) > 0:
		return nil, fmt.Errorf("%q is ambiguous: a program has that name; its id, which %s ps shows, stands for it alone", everything, command)
	case len(all) == 0:
		return nil, errors.New("there are no supervised programs")
	}
	for _, one := range all {
		word := one.Doc.program()
		if slices.ContainsFunc(tasks, func(t *task) bool { return t.word == word }) {
			continue
		}
		t := newTask(word, named(all, word))
		if c.Verb != verbStart || t.stopped {
			tasks = append(tasks, t)
		}
	}
	if len(tasks) == 0 {
		c.say("nothing is stopped: there is nothing to start")
	}
	return tasks, nil
}

// perform does something to what a task is about, and returns when it is done.
func (c *caller) perform(ctx context.Context, does operation, t *task) error {
	if t.program == "" {
		return c.notSupervised(ctx, t.word)
	}
	if does.first && t.needs != nil && c.Verb == verbStart {
		for _, needed := range t.needs {
			if needed.err != nil {
				return fmt.Errorf("not started, because it is started after %s", needed.word)
			}
		}
	}
	return c.command(ctx, does.method, processPath(t.word)+does.action, "", does.done)
}

// command asks the server for a deed, and returns when that is done, or the time is over.
func (c *caller) command(ctx context.Context, method, path, body, done string) error {
	within, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	var answer enveloped[any]
	err := c.server.command(within, method, path, body, &answer)
	switch {
	case within.Err() != nil && ctx.Err() == nil:
		return fmt.Errorf("not %s after %s: %s ps shows how it is, and --timeout=DURATION waits longer", done, c.Timeout, command)
	case err == nil && !answer.Success:
		return errors.New(cmp.Or(answer.Error, answer.Message))
	}
	return err
}

// notSupervised returns the error of a word that stands for no supervised program, with the way
// out if it stands for something else.
func (c *caller) notSupervised(ctx context.Context, word string) error {
	t, err := c.resolve(ctx, word)
	none := new(unknown)
	switch {
	case errors.As(err, &none):
		return fmt.Errorf("there is no supervised program %q: %s ps shows which there are", word, command)
	case err != nil:
		return err
	}
	return fmt.Errorf("this is %s, which is not supervised: %s end ends its processes", t, command)
}

// scale changes how many instances a supervised program has.
func (c *caller) scale(signals *terminal.Interrupts) (int, error) {
	ctx, word := signals.Context(), c.Names[0]
	n, err := strconv.Atoi(c.Names[1])
	if err != nil {
		return exitFailed, err
	}
	all, err := c.processes(ctx)
	if err != nil {
		return exitFailed, err
	}
	done := "scaled to " + count(n, "instance", "instances")
	if len(named(all, word)) == 0 {
		err = c.notSupervised(ctx, word)
	} else {
		err = c.command(ctx, http.MethodPost, processPath(word)+"/scale", fmt.Sprintf(`{"instances":%d}`, n), done)
	}
	failed, err := c.report(ctx, err, deed{Name: word, Done: done, sentence: done})
	if failed || err != nil {
		return exitFailed, err
	}
	return exitOK, nil
}
