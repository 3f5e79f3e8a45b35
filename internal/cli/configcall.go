package cli

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"websocketd/libwebsocketd"
)

// Keys of a table of params.
const (
	paramsLeast    = "least"
	paramsMost     = "most"
	paramsPatterns = "patterns"
)

// readParams reads the parameters that clients may give a program.
func (c *configFile) readParams(p *fileProgram, value *fileValue) {
	switch value.kind {
	case fileArray:
		p.params.Patterns = c.readPatterns("params", value)
		p.params.Least, p.params.Most = len(value.items), len(value.items)
		if p.params.Most == 0 {
			p.params.Most = -1
		}
	case fileTable:
		c.readParamsTable(&p.params, value)
	default:
		c.wrongKind("params", value, `["REGEXP"], or { least = 1, most = 3, patterns = ["REGEXP"] }`)
	}
}

func (c *configFile) readParamsTable(params *libwebsocketd.Params, table *fileValue) {
	keys := []string{paramsLeast, paramsMost, paramsPatterns}
	for _, key := range table.keys {
		value := table.at[key]
		switch like := nearest(key, keys); {
		case key == paramsLeast:
			params.Least = c.readCount("params.least", value)
		case key == paramsMost:
			if params.Most = c.readCount("params.most", value); params.Most == 0 {
				params.Most = -1
			}
		case key == paramsPatterns:
			params.Patterns = c.readPatterns("params.patterns", value)
		case like != "":
			c.faults.add(value.pos, "unknown key %q in params; did you mean %q?", key, like)
		default:
			c.faults.add(value.pos, "unknown key %q in params; the keys are %s", key, strings.Join(keys, ", "))
		}
	}
	switch most, n := max(params.Most, 0), len(params.Patterns); {
	case params.Most == 0:
	case params.Least > most:
		c.faults.add(table.pos, "params: least = %d is more than most = %d", params.Least, most)
	case n > most:
		c.faults.add(table.pos, "params: patterns has %d, more than most = %d; each is for one parameter, the last one for all that follow", n, most)
	}
}

// readCount reads a number that is not negative. It returns 0 if it is faulty.
func (c *configFile) readCount(key string, value *fileValue) int {
	if value.kind != fileInteger {
		c.wrongKind(key, value, forms[KindInt])
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(value.text, "+"), 0, 32)
	if err != nil || n < 0 {
		c.faults.add(value.pos, "%s = %s: must be a number from 0 to %d", key, value.text, math.MaxInt32)
		return 0
	}
	return int(n)
}

// readPatterns reads regular expressions.
func (c *configFile) readPatterns(key string, value *fileValue) []string {
	const form = `["REGEXP", "REGEXP"]`
	patterns, odd := value.strings()
	switch {
	case value.kind != fileArray:
		c.wrongKind(key, value, form)
		return nil
	case odd != nil:
		c.wrongKind(key, odd, form+", all of it strings")
		return nil
	}
	for i, pattern := range patterns {
		if err := libwebsocketd.CheckPattern(pattern); err != nil {
			c.faults.add(value.items[i].pos, "%s: %v", key, err)
		}
	}
	return patterns
}

// results are what a program may return.
var results = []libwebsocketd.ResultMode{libwebsocketd.ResultNone, libwebsocketd.ResultLastLineJSON}

// readResult reads what a program returns to clients that call it.
func (c *configFile) readResult(p *fileProgram, value *fileValue) {
	text, ok := c.readString("result", fmt.Sprintf("%q or %q", results[0], results[1]), value)
	if p.result = libwebsocketd.ResultMode(text); ok && !slices.Contains(results, p.result) {
		c.faults.add(value.pos, "result = %q: must be one of %s, %s", text, results[0], results[1])
	}
}
