package harness

import "strings"

// Fields returns the key:'value' fields of a log line. Escapes in a value stay as
// they are.
func Fields(line string) map[string]string {
	fields := map[string]string{}
	_, rest, _ := strings.Cut(line, " | ")
	for {
		name, after, found := strings.Cut(rest, ":'")
		if !found {
			return fields
		}
		name = name[strings.LastIndexAny(name, " |")+1:]
		value, next := quoted(after)
		fields[name] = value
		rest = next
	}
}

// quoted splits text at the first quote that is not escaped by a backslash.
func quoted(text string) (value, rest string) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '\'':
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}
