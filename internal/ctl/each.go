package ctl

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"websocketd/internal/printable"
)

// each does something about each name, and says what came of it. What has failed does not keep
// it from the others; a server that is not there does.
func (c *caller) each(ctx context.Context, do func(ctx context.Context, name string) (deed, error)) (status int, err error) {
	for _, name := range c.Names {
		done, err := do(ctx, name)
		done.Name = name
		failed, err := c.report(ctx, err, done)
		if err != nil {
			return exitFailed, err
		}
		if failed {
			status = exitFailed
		}
	}
	return status, nil
}

// report says what came of a deed, and whether it has failed. An error is of what keeps it from
// the others, too.
func (c *caller) report(ctx context.Context, failure error, done deed) (failed bool, err error) {
	if gone := new(lost); errors.As(failure, &gone) || ctx.Err() != nil {
		return true, failure
	}
	if failure != nil {
		done = deed{Name: done.Name, Error: failure.Error()}
		c.say(c.about(done.Name, failure))
	}
	return failure != nil, c.tellDeed(&done)
}

// about returns what has gone wrong about a name. Several names make it necessary to say which.
func (c *caller) about(name string, err error) string {
	if len(c.Names) > 1 && c.Verb != verbScale || c.Names[0] == everything {
		return name + ": " + err.Error()
	}
	return err.Error()
}

func (c *caller) tellDeed(d *deed) error {
	if c.JSON {
		return c.document(d)
	}
	if d.Error != "" {
		return nil
	}
	_, err := fmt.Fprintf(c.Stdout, "%s: %s\n", printable.Append(nil, d.Name, false), d.sentence)
	return err
}

// notKicked returns why a word was not kicked, with the way out: where there is no connection of
// that id, it may be something else that is to end.
func (c *caller) notKicked(ctx context.Context, word string, err error) error {
	if answered := new(refused); !errors.As(err, &answered) || answered.status != http.StatusNotFound {
		return err
	}
	switch t, failed := c.resolve(ctx, word); {
	case failed != nil || t.kind == kindConnection:
	case t.kind == kindInstance:
		return fmt.Errorf("this is %s, and no connection: %s stop stops it", t, command)
	default:
		return fmt.Errorf("this is %s, and no connection: %s end ends it", t, command)
	}
	return fmt.Errorf("there is no connection of that id: %s connections lists them", command)
}
