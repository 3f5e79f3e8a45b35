package cli

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// tomlKind names the kind of a value of a TOML file, in words.
type tomlKind string

const (
	tomlTable   tomlKind = "a table"
	tomlArray   tomlKind = "an array"
	tomlString  tomlKind = "a string"
	tomlInteger tomlKind = "a number"
	tomlFloat   tomlKind = "a number with a fraction"
	tomlBool    tomlKind = "true or false"
	tomlDate    tomlKind = "a date or time"
)

// tomlValue is one value of a TOML file.
type tomlValue struct {
	kind  tomlKind
	line  int    // of its key, or of itself in an array
	text  string // the content of a string, "" for a table and an array, else as written
	items []*tomlValue
	keys  []string // of a table, in their order
	at    map[string]*tomlValue
}

// parseTOML parses a whole file. Its fault has a line and a column. The library's
// decoder knows every rule and runs first. So the walk over its parser, which knows
// the lines, only sees what is well-formed.
func parseTOML(data []byte) (*tomlValue, *fault) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // some editors begin a file with it
	var decoded map[string]any
	if err := toml.Unmarshal(data, &decoded); err != nil {
		f := &fault{line: 1, message: strings.TrimPrefix(err.Error(), "toml: ")}
		if where := (*toml.DecodeError)(nil); errors.As(err, &where) {
			f.line, f.column = where.Position()
			f.explain(data)
		}
		return nil, f
	}
	parser := newTOMLParser(data)
	root := newTable(1)
	current := root
	for parser.NextExpression() {
		expression := parser.Expression()
		switch expression.Kind {
		case unstable.Table:
			current = descend(root, keysOf(parser, expression))
		case unstable.ArrayTable:
			current = appendTable(root, keysOf(parser, expression))
		case unstable.KeyValue:
			putValue(parser, current, expression)
		}
	}
	return root, nil
}

// explain adds what may be meant where the library could not go on, or points to what
// began before and is not closed.
func (f *fault) explain(data []byte) {
	line, column, message := unclosed(data)
	if message == "" || line > f.line || line == f.line && column > f.column {
		f.message += cmp.Or(f.unescaped(data), likely(data, f.line))
		return
	}
	f.line, f.column, f.message = line, column, message
}

// A string in double quotes in one line, and the part of its text that means something else
// in single quotes.
var (
	doubleQuoted = regexp.MustCompile(`"(?:[^"\\\n]|\\[^\n])*"`)
	unescape     = strings.NewReplacer(`\\`, `\`, `\"`, `"`)
)

// unescaped returns how to write a string with backslashes that are no escapes, if that is
// the fault; "" otherwise.
func (f *fault) unescaped(data []byte) string {
	if !strings.Contains(f.message, "escape character") && !strings.Contains(f.message, "escape sequence") {
		return ""
	}
	line := bytes.Split(data, []byte("\n"))[f.line-1]
	for _, at := range doubleQuoted.FindAllIndex(line, -1) {
		text := unescape.Replace(string(line[at[0]+1 : at[1]-1]))
		if at[0] < f.column && f.column <= at[1] && text != "" && !strings.Contains(text, "'") {
			return "; in single quotes a backslash stands for itself: '" + text + "'"
		}
	}
	return "; in single quotes a backslash stands for itself, in double quotes write two"
}

// unquoted matches a key with a value that begins as no value of TOML does, and
// perhaps a comment. likeYAML matches one with a colon for the =.
var (
	unquoted = regexp.MustCompile(`^\s*([A-Za-z0-9_.-]+)\s*=\s*([^\s"'\[{#][^"'#]*?)\s*(#.*)?$`)
	likeYAML = regexp.MustCompile(`^\s*([A-Za-z0-9_-]+):\s+(\S.*?)\s*$`)
)

// likely returns what was probably meant by a line that is not TOML, or "".
func likely(data []byte, line int) string {
	lines := strings.Split(string(data), "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	text := strings.TrimSuffix(lines[line-1], "\r")
	switch m, yaml := unquoted.FindStringSubmatch(text), likeYAML.FindStringSubmatch(text); {
	case m != nil && (m[1] == "command" || strings.HasSuffix(m[1], ".command")):
		return fmt.Sprintf("; a string stands in quotes: %s = %s", m[1], asArray(strings.Fields(m[2])))
	case m != nil:
		return fmt.Sprintf("; a string stands in quotes: %s = %q", m[1], m[2])
	case yaml != nil:
		return fmt.Sprintf("; TOML has = where YAML has a colon: %s = %s", yaml[1], yaml[2])
	}
	return ""
}

// tomlKey is one part of a dotted key.
type tomlKey struct {
	name string
	line int
}

func keysOf(parser *tomlParser, n *unstable.Node) (keys []tomlKey) {
	for it := n.Key(); it.Next(); {
		keys = append(keys, tomlKey{string(it.Node().Data), startLine(parser, it.Node())})
	}
	return keys
}

// tomlParser is the library's parser with the offsets of line ends. The library would
// count lines from the start for every key.
type tomlParser struct {
	unstable.Parser
	lines []int // offsets of their ends
}

func newTOMLParser(data []byte) *tomlParser {
	p := &tomlParser{}
	p.Reset(data)
	for i, c := range data {
		if c == '\n' {
			p.lines = append(p.lines, i)
		}
	}
	return p
}

func startLine(parser *tomlParser, n *unstable.Node) int {
	line, _ := slices.BinarySearch(parser.lines, int(n.Raw.Offset))
	return line + 1
}

func newTable(line int) *tomlValue {
	return &tomlValue{kind: tomlTable, line: line, at: map[string]*tomlValue{}}
}

func (v *tomlValue) put(key tomlKey, value *tomlValue) {
	if v.at[key.name] == nil {
		v.keys = append(v.keys, key.name)
	}
	v.at[key.name] = value
}

// descend returns the table of a dotted key, and creates what is missing. The last
// element of an array of tables stands for the array.
func descend(from *tomlValue, keys []tomlKey) *tomlValue {
	for _, key := range keys {
		next := from.at[key.name]
		if next != nil && next.kind == tomlArray && len(next.items) > 0 {
			next = next.items[len(next.items)-1]
		}
		if next == nil || next.kind != tomlTable {
			next = newTable(key.line)
			from.put(key, next)
		}
		from = next
	}
	return from
}

func appendTable(root *tomlValue, keys []tomlKey) *tomlValue {
	last := len(keys) - 1
	parent := descend(root, keys[:last])
	array := parent.at[keys[last].name]
	if array == nil || array.kind != tomlArray {
		array = &tomlValue{kind: tomlArray, line: keys[last].line}
		parent.put(keys[last], array)
	}
	table := newTable(keys[last].line)
	array.items = append(array.items, table)
	return table
}

// putValue puts a key = value into a table; the key may be dotted.
func putValue(parser *tomlParser, table *tomlValue, n *unstable.Node) {
	keys := keysOf(parser, n)
	last := len(keys) - 1
	descend(table, keys[:last]).put(keys[last], valueOf(parser, n.Value(), keys[last].line))
}

var scalarKinds = map[unstable.Kind]tomlKind{
	unstable.String:  tomlString,
	unstable.Bool:    tomlBool,
	unstable.Float:   tomlFloat,
	unstable.Integer: tomlInteger,
}

// valueOf returns the value after a = or in an array. A value of no other kind is a
// date or a time.
func valueOf(parser *tomlParser, n *unstable.Node, line int) *tomlValue {
	switch n.Kind {
	case unstable.InlineTable:
		table := newTable(line)
		for it := n.Children(); it.Next(); {
			if it.Node().Kind == unstable.KeyValue {
				putValue(parser, table, it.Node())
			}
		}
		return table
	case unstable.Array:
		array := &tomlValue{kind: tomlArray, line: line}
		for it := n.Children(); it.Next(); {
			item := it.Node()
			switch {
			case item.Kind == unstable.Comment:
				continue
			case item.Kind != unstable.Array: // an array has no position of its own
				line = startLine(parser, item)
			}
			array.items = append(array.items, valueOf(parser, item, line))
		}
		return array
	}
	v := &tomlValue{kind: tomlDate, line: line, text: string(n.Data)}
	if kind, ok := scalarKinds[n.Kind]; ok {
		v.kind = kind
	}
	return v
}

// strings returns the strings of an array. odd is the first element that is not a
// string.
func (v *tomlValue) strings() (all []string, odd *tomlValue) {
	all = []string{}
	for _, item := range v.items {
		if item.kind != tomlString {
			return nil, item
		}
		all = append(all, item.text)
	}
	return all, nil
}
