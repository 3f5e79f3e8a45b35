package cli

import "slices"

// fileKind names the kind of a value of a configuration file, in words.
type fileKind string

const (
	fileTable   fileKind = "a table"
	fileArray   fileKind = "an array"
	fileString  fileKind = "a string"
	fileInteger fileKind = "a number"
	fileFloat   fileKind = "a number with a fraction"
	fileBool    fileKind = "true or false"
	fileDate    fileKind = "a date or time"
	fileNull    fileKind = "null"
)

// endsOfLines returns the offsets of the ends of lines.
func endsOfLines(data []byte) (ends []int) {
	for i, c := range data {
		if c == '\n' {
			ends = append(ends, i)
		}
	}
	return ends
}

// placed returns the position of an offset, by the ends of lines.
func placed(ends []int, at int) position {
	before, _ := slices.BinarySearch(ends, at)
	if before == 0 {
		return position{1, at + 1}
	}
	return position{before + 1, at - ends[before-1]}
}

// fileValue is one value of a configuration file.
type fileValue struct {
	kind  fileKind
	pos   position // of its key, or of itself in an array
	text  string   // the content of a string, "" for a table and an array, else as written
	items []*fileValue
	keys  []string // of a table, in their order
	at    map[string]*fileValue
}

// fileKey is one part of a dotted key.
type fileKey struct {
	name string
	pos  position
}

// newTable returns an empty table.
func newTable(pos position) *fileValue {
	return &fileValue{kind: fileTable, pos: pos, at: map[string]*fileValue{}}
}

// put sets a key of a table.
func (v *fileValue) put(key fileKey, value *fileValue) {
	if v.at[key.name] == nil {
		v.keys = append(v.keys, key.name)
	}
	v.at[key.name] = value
}

// strings returns the strings of an array. odd is the first element that is not a
// string.
func (v *fileValue) strings() (all []string, odd *fileValue) {
	all = []string{}
	for _, item := range v.items {
		if item.kind != fileString {
			return nil, item
		}
		all = append(all, item.text)
	}
	return all, nil
}
