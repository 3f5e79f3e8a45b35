package cli

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"websocketd/libwebsocketd/manager"
)

// supervisedKeys are the keys of a supervised program alone, which are no flags.
var supervisedKeys = map[string]func(c *configFile, p *fileProgram, value *fileValue){
	"instances": func(c *configFile, p *fileProgram, v *fileValue) {
		c.readNumber("instances", v, 1, manager.MostInstances, &p.app.Instances)
	},
	"port":          (*configFile).readPort,
	"autorestart":   (*configFile).readAutorestart,
	"max_restarts":  (*configFile).readMaxRestarts,
	"min_uptime":    func(c *configFile, p *fileProgram, v *fileValue) { c.readSpan("min_uptime", v, &p.app.MinUptime) },
	"restart_delay": (*configFile).readRestartDelay,
	"kill_timeout":  func(c *configFile, p *fileProgram, v *fileValue) { c.readSpan("kill_timeout", v, &p.app.KillTimeout) },
	"max_memory_restart": func(c *configFile, p *fileProgram, v *fileValue) {
		c.readBytes("max_memory_restart", v, &p.app.MaxMemory)
	},
	"health":       (*configFile).readHealth,
	"ready":        (*configFile).readReady,
	"after":        (*configFile).readAfter,
	"every":        (*configFile).readEvery,
	"ignore_watch": (*configFile).readIgnoreWatch,
	"out_file":     func(c *configFile, p *fileProgram, v *fileValue) { c.readName("out_file", v, &p.app.OutFile) },
	"error_file":   func(c *configFile, p *fileProgram, v *fileValue) { c.readName("error_file", v, &p.app.ErrorFile) },
	"log_file":     func(c *configFile, p *fileProgram, v *fileValue) { c.readName("log_file", v, &p.app.LogFile) },
	"log_size":     (*configFile).readLogSize,
	"log_keep": func(c *configFile, p *fileProgram, v *fileValue) {
		c.readNumber("log_keep", v, 1, 1000, &p.app.LogKeep)
	},
	"pid_file":  func(c *configFile, p *fileProgram, v *fileValue) { c.readName("pid_file", v, &p.app.PidFile) },
	"namespace": func(c *configFile, p *fileProgram, v *fileValue) { c.readName("namespace", v, &p.app.Namespace) },
}

// supervisedNames are the names of supervisedKeys, as faults list them.
var supervisedNames = []string{
	"instances", "port", "autorestart", "max_restarts", "min_uptime", "restart_delay", "kill_timeout", "max_memory_restart", "health", "ready",
	"after", "every", "ignore_watch", "out_file", "error_file", "log_file", "log_size", "log_keep", "pid_file", "namespace",
}

// otherwise says for keys of a program what a supervised one has instead.
var otherwise = map[string]string{
	"maxforks": "its processes are not for clients; write instances = N",
	"closems":  "its processes are ended by SIGTERM and, after kill_timeout, SIGKILL; write kill_timeout = MILLISECONDS",
}

// checkSupervised adds the faults of keys that are of another lifetime than the program has.
func (c *configFile) checkSupervised(p *fileProgram) {
	if p.broken["lifetime"] {
		return
	}
	if p.lifetime == lifeSupervised {
		for _, key := range []string{"maxforks", "closems"} {
			if pos := p.at[key]; pos.isSet() {
				c.faults.add(pos, "%s does not go with lifetime %q: %s, or take %[1]s out", key, p.lifetime, otherwise[key])
			}
		}
		return
	}
	for _, key := range supervisedNames {
		pos := p.at[key]
		if !pos.isSet() {
			continue
		}
		elsewhere := ""
		if key == "port" {
			elsewhere = "; the port of the server stands above the first [program.NAME]"
		}
		c.faults.add(pos, "%s is for lifetime %q; write lifetime = %[2]q, or take %[1]s out%[3]s", key, lifeSupervised, elsewhere)
		p.broken[key] = true
	}
}

// readNumber reads a number within limits.
func (c *configFile) readNumber(key string, value *fileValue, least, most int, to *int) {
	if value.kind != fileInteger {
		c.wrongKind(key, value, forms[KindInt])
		return
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(value.text, "+"), 0, 64)
	if err != nil || n < int64(least) || n > int64(most) {
		c.faults.add(value.pos, "%s = %s: must be a number from %d to %d", key, value.text, least, most)
		return
	}
	*to = int(n)
}

// atOnce stands for a time of 0 where the zero value is the default.
const atOnce = time.Nanosecond

// readSpan reads a time: a number of milliseconds, or one like "5s".
func (c *configFile) readSpan(key string, value *fileValue, to *time.Duration) {
	if d, ok := c.readTime(key, value, time.Millisecond); ok {
		*to = max(d, atOnce)
	}
}

// readTime reads a time: a number of units, or one like "5s".
func (c *configFile) readTime(key string, value *fileValue, unit time.Duration) (d time.Duration, ok bool) {
	switch value.kind {
	case fileInteger:
		n, err := strconv.ParseInt(strings.TrimPrefix(value.text, "+"), 0, 64)
		if err != nil || n < 0 || n > int64(math.MaxInt64/unit) {
			c.faults.add(value.pos, "%s = %s: must be a number of %s that is not negative", key, value.text, unitNames[unit])
			return 0, false
		}
		return time.Duration(n) * unit, true
	case fileString:
		d, err := parseDuration(value.text)
		if _, number := strconv.ParseInt(value.text, 10, 64); number == nil {
			err = fmt.Errorf("has no unit: write %s for %s, or \"5s\"", value.text, unitNames[unit])
		}
		if err != nil {
			c.faults.add(value.pos, "%s = %q: %v", key, value.text, err)
		}
		return d, err == nil
	}
	c.wrongKind(key, value, `a number of `+unitNames[unit]+`, or "5s"`)
	return 0, false
}

var unitNames = map[time.Duration]string{time.Millisecond: "milliseconds", time.Second: "seconds"}

// readBytes reads a size.
func (c *configFile) readBytes(key string, value *fileValue, to *int64) {
	if value.kind != fileInteger && value.kind != fileString {
		c.wrongKind(key, value, forms[KindSize])
		return
	}
	n, err := parseSize(value.text)
	if value.kind == fileInteger {
		if n, err = strconv.ParseInt(strings.TrimPrefix(value.text, "+"), 0, 64); err == nil && n < 0 {
			err = errNegative
		}
	}
	if err != nil {
		c.faults.add(value.pos, "%s = %s: %v", key, written(value, value.text), err)
		return
	}
	*to = n
}

// readName reads a text that is not empty, such as the name of a file.
func (c *configFile) readName(key string, value *fileValue, to *string) {
	text, ok := c.readString(key, `"text"`, value)
	switch {
	case !ok:
	case strings.TrimSpace(text) == "":
		c.faults.add(value.pos, "%s is empty; take it out", key)
	case hasNUL(text):
		c.faults.add(value.pos, "%s has a NUL in it; take it out", key)
	default:
		*to = text
	}
}

func (c *configFile) readPort(p *fileProgram, value *fileValue) {
	if value.kind != fileInteger && value.kind != fileString {
		c.wrongKind("port", value, `3000, "3000-3003" or "auto:5000-5100"`)
		return
	}
	ports, err := manager.ParsePorts(value.text)
	if err != nil {
		c.faults.add(value.pos, "port = %s: %v", written(value, value.text), err)
		return
	}
	p.app.Ports = ports
}

// readBool reads true or false.
func (c *configFile) readBool(key string, value *fileValue) (on, ok bool) {
	if value.kind != fileBool {
		c.wrongKind(key, value, forms[KindBool])
		return false, false
	}
	return value.text == "true", true
}

func (c *configFile) readAutorestart(p *fileProgram, value *fileValue) {
	if on, ok := c.readBool("autorestart", value); ok {
		p.app.NoRestart = !on
	}
}

func (c *configFile) readMaxRestarts(p *fileProgram, value *fileValue) {
	if c.readNumber("max_restarts", value, -1, math.MaxInt32, &p.app.MaxRestarts); value.kind == fileInteger && value.text == "0" {
		c.faults.add(value.pos, "max_restarts = 0: write autorestart = false for a program that is not started again, or max_restarts = -1 for no limit")
	}
}

func (c *configFile) readRestartDelay(p *fileProgram, value *fileValue) {
	if d, ok := c.readTime("restart_delay", value, time.Millisecond); ok {
		p.app.RestartDelay = d
	}
}

func (c *configFile) readEvery(p *fileProgram, value *fileValue) {
	switch d, ok := c.readTime("every", value, time.Millisecond); {
	case ok && d == 0:
		c.faults.add(value.pos, "every = %s: must be more than nothing; take it out, and it is started once", written(value, value.text))
	case ok:
		p.app.Every = d
	}
}

func (c *configFile) readLogSize(p *fileProgram, value *fileValue) {
	before := len(c.faults.all)
	if c.readBytes("log_size", value, &p.app.LogSize); p.app.LogSize == 0 && len(c.faults.all) == before {
		p.app.LogSize = -1 // never
	}
}

func (c *configFile) readIgnoreWatch(p *fileProgram, value *fileValue) {
	const form = `["PATTERN", "PATTERN"]`
	if value.kind == fileString {
		value = &fileValue{kind: fileArray, pos: value.pos, items: []*fileValue{value}}
	}
	patterns, odd := value.strings()
	switch {
	case value.kind != fileArray:
		c.wrongKind("ignore_watch", value, form)
	case odd != nil:
		c.wrongKind("ignore_watch", odd, form+", all of it strings")
	case slices.Contains(patterns, ""):
		c.faults.add(value.pos, "ignore_watch has an empty pattern; take it out")
	default:
		p.app.IgnoreWatch = patterns
	}
}
