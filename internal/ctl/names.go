package ctl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// channelPrefix begins the name of the channel of a process.
const channelPrefix = "process:"

// kind is what a name stands for.
type kind string

const (
	kindProgram    kind = "program"
	kindSession    kind = "session"
	kindConnection kind = "connection"
	kindInstance   kind = "instance" // of a supervised program, one of several
	kindEnded      kind = "channel"  // of a process that is over, of which something is kept
)

// lifetimeSupervised is that of programs which are kept alive.
const lifetimeSupervised = "supervised"

// target is what a name stands for.
type target struct {
	kind     kind
	name     string // of the program, or the id
	of       string // the program of an instance
	channel  string // what it writes; "" where that is several processes
	framing  string // of what it writes; "" if that is not known
	lifetime string // of a program
	document json.RawMessage
}

// path returns where the server has it.
func (t *target) path() string { return "/api/" + string(t.kind) + "s/" + url.PathEscape(t.name) }

// String returns what it is, for people.
func (t *target) String() string {
	if t.kind == kindEnded {
		return t.name
	}
	return string(t.kind) + " " + t.name
}

// resolve returns what a word stands for: a program, a session or a connection.
func (c *caller) resolve(ctx context.Context, word string) (*target, error) {
	id, isChannel := strings.CutPrefix(word, channelPrefix)
	programs, err := list[entry[program]](ctx, c.server, "/api/programs")
	if err != nil {
		return nil, err
	}
	var found []*target
	for _, p := range programs {
		if p.Doc.Name == word || isChannel && p.Doc.Channel == word {
			found = append(found, ofProgram(&p))
		}
	}
	x, err := c.session(ctx, id, isChannel, programs)
	if err != nil {
		return nil, err
	}
	y, err := c.connection(ctx, id, programs)
	if err != nil {
		return nil, err
	}
	z, err := c.instance(ctx, id, programs)
	if err != nil {
		return nil, err
	}
	for _, t := range []*target{x, y, z} {
		if t != nil {
			found = append(found, t)
		}
	}
	switch len(found) {
	case 0:
		return nil, &unknown{word}
	case 1:
		return found[0], nil
	}
	return nil, ambiguous(word, found)
}

// unknown is a name that stands for nothing.
type unknown struct{ word string }

func (u *unknown) Error() string {
	return fmt.Sprintf("there is no program, session or connection %q: list, sessions and connections show what there is", u.word)
}

// ambiguous returns the error of a word that stands for several things.
func ambiguous(word string, found []*target) error {
	var all []string
	for _, t := range found {
		all = append(all, t.String())
	}
	return fmt.Errorf("%q is ambiguous: there are %s; an id stands for one alone", word, strings.Join(all, " and "))
}

func ofProgram(p *entry[program]) *target {
	return &target{kind: kindProgram, name: p.Doc.Name, channel: p.Doc.Channel, framing: p.Doc.Framing, lifetime: p.Doc.Lifetime, document: p.Raw}
}

// session returns the session of an id or, unless it must be an id, of a number; nil if there
// is none.
func (c *caller) session(ctx context.Context, word string, isID bool, programs []entry[program]) (*target, error) {
	if !isSegment(word) {
		return nil, nil
	}
	var x entry[session]
	_, err := c.server.get(ctx, "/api/sessions/"+url.PathEscape(word), &x)
	switch isNotFound := new(refused); {
	case errors.As(err, &isNotFound) && isNotFound.status == http.StatusNotFound:
		return nil, nil
	case err != nil:
		return nil, err
	case x.Doc.ID != word && (isID || strconv.FormatUint(x.Doc.Number, 10) != word):
		return nil, nil
	}
	return &target{kind: kindSession, name: x.Doc.ID, channel: channelPrefix + x.Doc.ID, framing: framingOf(programs, x.Doc.Program), document: x.Raw}, nil
}

// connection returns the connection of an id; nil if there is none.
func (c *caller) connection(ctx context.Context, id string, programs []entry[program]) (*target, error) {
	all, err := list[entry[connection]](ctx, c.server, "/api/connections")
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		if x.Doc.ID == id {
			return &target{kind: kindConnection, name: id, channel: channelPrefix + id, framing: framingOf(programs, x.Doc.Program), document: x.Raw}, nil
		}
	}
	return nil, nil
}

// framingOf returns the framing of a program of a name; "" if there is none.
func framingOf(programs []entry[program], named string) string {
	for _, p := range programs {
		if p.Doc.Name == named {
			return p.Doc.Framing
		}
	}
	return ""
}

// isSegment reports whether a word can stand in a path: dots would lead elsewhere.
func isSegment(word string) bool { return word != "" && word != "." && word != ".." }

// source is a channel to read, and what is known of it.
type source struct {
	target
	info *channelInfo // nil: nothing was published yet
}

// source returns the channel that a word stands for. Of a process that is over there may be
// one, too.
func (c *caller) source(ctx context.Context, word string) (*source, error) {
	t, err := c.resolve(ctx, word)
	none := new(unknown)
	if err != nil && !errors.As(err, &none) {
		return nil, err
	}
	if t != nil && t.channel == "" {
		return nil, several(t)
	}
	channel := channelPrefix + strings.TrimPrefix(word, channelPrefix)
	if t != nil {
		channel = t.channel
	}
	channels, failed := list[channelInfo](ctx, c.server, "/api/channels")
	if failed != nil {
		return nil, failed
	}
	for _, info := range channels {
		switch {
		case info.Name != channel:
		case t == nil:
			return &source{target{kind: kindEnded, name: word, channel: channel}, &info}, nil
		default:
			return &source{*t, &info}, nil
		}
	}
	if t == nil {
		return nil, none
	}
	return &source{*t, nil}, nil
}

// several returns the error of a program each of whose clients, or sessions, has a process.
func several(t *target) error {
	if t.kind == kindInstance {
		return &oneInstance{t.name, t.of}
	}
	if t.lifetime == string(kindSession) {
		return fmt.Errorf("each session of %s has a process of its own: name one of %s sessions", t.name, command)
	}
	return fmt.Errorf("each client of %s has a process of its own: name one of %s connections", t.name, command)
}
