package cli

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// parseTOML parses a whole file. Its fault has a line and a column. The library's
// decoder knows every rule and runs first. So the walk over its parser, which knows
// the lines, only sees what is well-formed.
func parseTOML(data []byte) (*fileValue, *fault) {
	data = bytes.TrimPrefix(data, byteOrderMark)
	var decoded map[string]any
	if err := toml.Unmarshal(data, &decoded); err != nil {
		f := &fault{pos: position{line: 1}, message: strings.TrimPrefix(err.Error(), "toml: ")}
		if where := (*toml.DecodeError)(nil); errors.As(err, &where) {
			f.pos.line, f.pos.column = where.Position()
			f.explain(data)
		}
		return nil, f
	}
	parser := newTOMLParser(data)
	root := newTable(position{line: 1})
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
	pos, message := unclosed(data)
	if message == "" || pos.compare(f.pos) > 0 {
		f.message += cmp.Or(f.unescaped(data), likely(data, f.pos.line))
		return
	}
	f.pos, f.message = pos, message
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
	line := bytes.Split(data, []byte("\n"))[f.pos.line-1]
	for _, at := range doubleQuoted.FindAllIndex(line, -1) {
		text := unescape.Replace(string(line[at[0]+1 : at[1]-1]))
		if at[0] < f.pos.column && f.pos.column <= at[1] && text != "" && !strings.Contains(text, "'") {
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

func keysOf(parser *tomlParser, n *unstable.Node) (keys []fileKey) {
	for it := n.Key(); it.Next(); {
		keys = append(keys, fileKey{string(it.Node().Data), startLine(parser, it.Node())})
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
	p := &tomlParser{lines: endsOfLines(data)}
	p.Reset(data)
	return p
}

func startLine(parser *tomlParser, n *unstable.Node) position {
	return position{line: placed(parser.lines, int(n.Raw.Offset)).line}
}

// descend returns the table of a dotted key, and creates what is missing. The last
// element of an array of tables stands for the array.
func descend(from *fileValue, keys []fileKey) *fileValue {
	for _, key := range keys {
		next := from.at[key.name]
		if next != nil && next.kind == fileArray && len(next.items) > 0 {
			next = next.items[len(next.items)-1]
		}
		if next == nil || next.kind != fileTable {
			next = newTable(key.pos)
			from.put(key, next)
		}
		from = next
	}
	return from
}

func appendTable(root *fileValue, keys []fileKey) *fileValue {
	last := len(keys) - 1
	parent := descend(root, keys[:last])
	array := parent.at[keys[last].name]
	if array == nil || array.kind != fileArray {
		array = &fileValue{kind: fileArray, pos: keys[last].pos}
		parent.put(keys[last], array)
	}
	table := newTable(keys[last].pos)
	array.items = append(array.items, table)
	return table
}

// putValue puts a key = value into a table; the key may be dotted.
func putValue(parser *tomlParser, table *fileValue, n *unstable.Node) {
	keys := keysOf(parser, n)
	last := len(keys) - 1
	descend(table, keys[:last]).put(keys[last], valueOf(parser, n.Value(), keys[last].pos))
}

var scalarKinds = map[unstable.Kind]fileKind{
	unstable.String:  fileString,
	unstable.Bool:    fileBool,
	unstable.Float:   fileFloat,
	unstable.Integer: fileInteger,
}

// valueOf returns the value after a = or in an array. A value of no other kind is a
// date or a time.
func valueOf(parser *tomlParser, n *unstable.Node, pos position) *fileValue {
	switch n.Kind {
	case unstable.InlineTable:
		table := newTable(pos)
		for it := n.Children(); it.Next(); {
			if it.Node().Kind == unstable.KeyValue {
				putValue(parser, table, it.Node())
			}
		}
		return table
	case unstable.Array:
		array := &fileValue{kind: fileArray, pos: pos}
		for it := n.Children(); it.Next(); {
			item := it.Node()
			switch {
			case item.Kind == unstable.Comment:
				continue
			case item.Kind != unstable.Array: // an array has no position of its own
				pos = startLine(parser, item)
			}
			array.items = append(array.items, valueOf(parser, item, pos))
		}
		return array
	}
	v := &fileValue{kind: fileDate, pos: pos, text: string(n.Data)}
	if kind, ok := scalarKinds[n.Kind]; ok {
		v.kind = kind
	}
	return v
}
