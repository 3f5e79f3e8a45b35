package cli

import (
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"websocketd/libwebsocketd/manager"
)

// Keys of the tables health and ready. checkType, checkURL and checkEnabled are PMDaemon's.
const (
	checkHTTP     = "http"
	checkScript   = "script"
	checkInterval = "interval"
	checkTimeout  = "timeout"
	checkRetries  = "retries"
	checkType     = "check_type"
	checkURL      = "url"
	checkEnabled  = "enabled"
	readyLine     = "line"
	readyNotify   = "notify"
)

// readyInterval is the time between two looks whether a program is ready: it may be soon.
const readyInterval = 500 * time.Millisecond

// readHealth reads how a program's health is checked.
func (c *configFile) readHealth(p *fileProgram, value *fileValue) { c.readCheck("health", p, value) }

// readCheck reads a health check under one of its two names.
func (c *configFile) readCheck(name string, p *fileProgram, value *fileValue) {
	if value.kind != fileTable {
		c.wrongKind(name, value, `{ http = "URL" } or { script = "PATH" }`)
		return
	}
	check, enabled, before := &manager.Check{}, true, len(c.faults.all)
	for _, key := range value.keys {
		v, at := value.at[key], name+"."+key
		switch key {
		case checkHTTP, checkURL:
			check.HTTP = c.readURL(at, v)
		case checkScript:
			check.Script = c.readScript(at, v)
		case checkInterval, checkTimeout:
			c.readCheckTime(at, v, check, key == checkInterval)
		case checkRetries:
			c.readNumber(at, v, 1, 1000, &check.Retries)
		case checkType:
			c.readCheckType(at, v, value)
		case checkEnabled:
			enabled, _ = c.readBool(at, v)
		default:
			c.unknownIn(name, key, v, checkHTTP, checkScript, checkInterval, checkTimeout, checkRetries, checkType, checkURL, checkEnabled)
		}
	}
	switch one := (check.HTTP == "") != (len(check.Script) == 0); {
	case len(c.faults.all) > before || !enabled:
	case !one:
		c.faults.add(value.pos, `%s needs either http = "URL" or script = "PATH", and not both`, name)
	default:
		p.app.Health = check
	}
}

// readCheckTime reads a time of a check, of which a number is in seconds, as PMDaemon has it.
func (c *configFile) readCheckTime(key string, value *fileValue, check *manager.Check, isInterval bool) {
	d, ok := c.readTime(key, value, time.Second)
	switch {
	case ok && d == 0:
		c.faults.add(value.pos, "%s = %s: must be more than nothing", key, written(value, value.text))
	case ok && isInterval:
		check.Interval = d
	case ok:
		check.Timeout = d
	}
}

// readCheckType reads which kind of check it is, and whether the table has what that needs.
func (c *configFile) readCheckType(key string, value, table *fileValue) {
	text, ok := c.readString(key, `"http" or "script"`, value)
	needs := map[string][]string{checkHTTP: {checkURL, checkHTTP}, checkScript: {checkScript}}[strings.ToLower(text)]
	switch {
	case !ok:
	case needs == nil:
		c.faults.add(value.pos, "%s = %q: must be one of http, script", key, text)
	case !slices.ContainsFunc(needs, func(other string) bool { return table.at[other] != nil }):
		c.faults.add(value.pos, "%s = %q needs %s as well", key, text, needs[0])
	}
}

// readURL reads where a program is asked. ${PORT} in it is the port of each instance.
func (c *configFile) readURL(key string, value *fileValue) string {
	text, ok := c.readString(key, `"http://localhost:3000/health"`, value)
	if !ok {
		return ""
	}
	u, err := url.Parse(strings.ReplaceAll(text, "${PORT}", "1"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		c.faults.add(value.pos, `%s = %q: must be a URL like "http://localhost:3000/health"; ${PORT} in it is the port of the instance`, key, text)
		return ""
	}
	return text
}

// readScript reads the command of a check: an array, or the path of a file, perhaps with arguments.
func (c *configFile) readScript(key string, value *fileValue) []string {
	argv, odd := value.strings()
	if value.kind == fileString {
		argv, odd = []string{value.text}, nil
		if _, why := c.look(value.text); why != "" {
			if words, err := splitWords(value.text); err == nil && len(words) > 1 {
				argv = words
			}
		}
	} else if value.kind != fileArray {
		odd = value
	}
	switch {
	case odd != nil:
		c.wrongKind(key, odd, `"PATH" or ["PATH", "ARGUMENT"]`)
		return nil
	case len(argv) == 0 || argv[0] == "":
		c.faults.add(value.pos, "%s is empty; write the path of an executable file", key)
		return nil
	case slices.ContainsFunc(argv, hasNUL):
		c.faults.add(value.pos, "%s has a NUL in it, which no argument can have; take it out", key)
		return nil
	}
	path, why := c.look(argv[0])
	if why == "" {
		var err error
		if path, err = filepath.Abs(path); err == nil { // it may run in the program's directory
			err = c.executable(path, "")
		}
		if err != nil {
			why = err.Error()
		}
	}
	if why != "" {
		c.faults.add(value.pos, "%s = %s: %s", key, asArray(argv), why)
		return nil
	}
	return append([]string{path}, argv[1:]...)
}

// readReady reads when a program is ready.
func (c *configFile) readReady(p *fileProgram, value *fileValue) {
	const form = `{ http = "URL" }, { script = "PATH" }, { line = "REGEXP" } or { notify = true }`
	if value.kind != fileTable {
		c.wrongKind("ready", value, form)
		return
	}
	ready, check, before, ways := &manager.Ready{}, &manager.Check{Interval: readyInterval}, len(c.faults.all), 0
	for _, key := range value.keys {
		v, at := value.at[key], "ready."+key
		switch key {
		case checkHTTP:
			check.HTTP, ready.Check = c.readURL(at, v), check
		case checkScript:
			check.Script, ready.Check = c.readScript(at, v), check
		case readyLine:
			ready.Line = c.readPattern(at, v)
		case readyNotify:
			ready.Notify, _ = c.readBool(at, v)
		case checkTimeout:
			c.readReadyTime(at, v, &ready.Timeout)
		case checkInterval:
			c.readReadyTime(at, v, &check.Interval)
		default:
			c.unknownIn("ready", key, v, checkHTTP, checkScript, readyLine, readyNotify, checkTimeout, checkInterval)
		}
	}
	for _, is := range []bool{check.HTTP != "", len(check.Script) > 0, ready.Line != "", ready.Notify} {
		if is {
			ways++
		}
	}
	switch {
	case len(c.faults.all) > before:
	case ways != 1:
		c.faults.add(value.pos, "ready needs one of %s", form)
	default:
		p.app.Ready = ready
	}
}

// readReadyTime reads a time of ready, which has a unit: it would be in seconds beside health, and
// in milliseconds beside all other keys.
func (c *configFile) readReadyTime(key string, value *fileValue, to *time.Duration) {
	if value.kind == fileInteger {
		c.wrongKind(key, value, forms[KindTime])
		return
	}
	switch d, ok := c.readTime(key, value, time.Second); {
	case ok && d == 0:
		c.faults.add(value.pos, "%s = %s: must be more than nothing", key, written(value, value.text))
	case ok:
		*to = d
	}
}

// readPattern reads a regular expression.
func (c *configFile) readPattern(key string, value *fileValue) string {
	text, ok := c.readString(key, `"REGEXP"`, value)
	if !ok {
		return ""
	}
	if _, err := regexp.Compile(text); err != nil || text == "" {
		c.faults.add(value.pos, "%s = %q: must be a regular expression (RE2) that is not empty%s", key, text, because(err))
		return ""
	}
	return text
}

// because returns an error to end a sentence with.
func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

// conditions are what can be waited for, with another word for one of them.
var conditions = map[string]manager.Condition{
	string(manager.Started): manager.Started, string(manager.ReadyTo): manager.ReadyTo, string(manager.Healthy): manager.Healthy,
	string(manager.Completed): manager.Completed, "exited": manager.Completed,
}

// readAfter reads what a program waits for.
func (c *configFile) readAfter(p *fileProgram, value *fileValue) {
	const form = `["NAME", "NAME:healthy"]`
	items := value.items
	switch value.kind {
	case fileString:
		items = []*fileValue{value}
	case fileArray:
	default:
		c.wrongKind("after", value, form)
		return
	}
	for _, item := range items {
		if item.kind != fileString {
			c.wrongKind("after", item, form+", all of it strings")
			continue
		}
		d, err := parseDependency(item.text)
		if err != nil {
			c.faults.add(item.pos, "after = %q: %v", item.text, err)
			continue
		}
		p.app.After = append(p.app.After, d)
		p.afterAt = append(p.afterAt, item.pos)
	}
}

// parseDependency parses NAME or NAME:CONDITION.
func parseDependency(text string) (manager.Dependency, error) {
	d := manager.Dependency{Program: text, Condition: manager.ReadyTo}
	if at := strings.LastIndexByte(text, ':'); at >= 0 {
		d.Program, d.Condition = text[:at], conditions[text[at+1:]]
	}
	switch {
	case d.Condition == "":
		return d, fmt.Errorf("what can be waited for in a program is started, ready, healthy and completed")
	case d.Program == "":
		return d, fmt.Errorf("has no name; write NAME or NAME:healthy")
	}
	return d, nil
}

// unknownIn adds the fault of an unknown key in a table.
func (c *configFile) unknownIn(table, key string, value *fileValue, keys ...string) {
	if like := nearest(key, keys); like != "" {
		c.faults.add(value.pos, "unknown key %q in %s; did you mean %q?", key, table, like)
		return
	}
	c.faults.add(value.pos, "unknown key %q in %s; the keys are %s", key, table, strings.Join(keys, ", "))
}
