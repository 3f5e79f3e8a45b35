package docs

import (
	"regexp"
	"strings"
	"unicode"
)

// page is a Markdown file.
type page struct {
	name   string // seen from the root
	text   string
	prose  string // the text without its code
	blocks []block
}

// block is a block of code. Its language is "" if it is an indented one.
type block struct {
	language string
	line     int // of its first line in the page
	lines    []string
}

func parse(name, text string) page {
	p := page{name: name, text: text}
	var prose strings.Builder
	fenced, blank := false, true
	ends := -1 // the line after the last indented block, if only empty ones have followed
	for i, line := range strings.Split(text, "\n") {
		last := len(p.blocks) - 1
		fence, isFence := strings.CutPrefix(line, "```")
		code, isIndented := strings.CutPrefix(line, "    ")
		switch {
		case isFence && fenced:
			fenced, blank = false, true
		case isFence:
			p.blocks = append(p.blocks, block{language: fence, line: i + 2})
			fenced, ends = true, -1
		case fenced:
			p.blocks[last].lines = append(p.blocks[last].lines, line)
		case isIndented && ends >= 0:
			empty := make([]string, i-ends)
			p.blocks[last].lines = append(append(p.blocks[last].lines, empty...), code)
			ends = i + 1
		case isIndented && blank:
			p.blocks = append(p.blocks, block{line: i + 1, lines: []string{code}})
			ends = i + 1
		default:
			prose.WriteString(line + "\n")
			blank = line == ""
			if !blank {
				ends = -1
			}
		}
	}
	p.prose = prose.String()
	return p
}

// fileName is in the comment that a file on a page begins with, after #! if it is a script.
var fileName = regexp.MustCompile(`^(?:#|//|<!--) ([a-zA-Z/-]+\.(?:sh|py|toml|go|conf|html|mjs))\b`)

// file returns the name of the file that the block shows, or "".
func (b block) file() string {
	for _, line := range b.lines[:min(2, len(b.lines))] {
		if found := fileName.FindStringSubmatch(line); found != nil {
			return found[1]
		}
	}
	return ""
}

func (b block) text() string { return strings.Join(b.lines, "\n") + "\n" }

var heading = regexp.MustCompile(`(?m)^#+ (.*)$`)

// anchors returns what links to the page may have after #, made as GitHub makes them.
func (p page) anchors() map[string]bool {
	anchors := map[string]bool{}
	for _, found := range heading.FindAllStringSubmatch(p.prose, -1) {
		anchor := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, found[1])
		anchors[anchor] = true
	}
	return anchors
}
