package docs

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// link is [text](target) in prose; the text may hold code.
var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// Every link leads to a file that is there, and to a heading that it has.
func TestLinks(t *testing.T) {
	pages := manual(t)
	for _, pattern := range []string{"CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "examples/*.md", "examples/*/*.md"} {
		pages = append(pages, glob(t, pattern)...)
	}
	for _, p := range pages {
		for _, found := range link.FindAllStringSubmatch(p.prose, -1) {
			if why := leadsNowhere(t, p, found[1]); why != "" {
				t.Errorf("%s: the link %s: %s", p.name, found[1], why)
			}
		}
	}
}

// leadsNowhere returns what is wrong with a link on a page, or "".
func leadsNowhere(t *testing.T, p page, target string) string {
	t.Helper()
	if strings.Contains(target, "://") {
		return ""
	}
	file, anchor, _ := strings.Cut(target, "#")
	if file != "" {
		file = path.Join(path.Dir(p.name), file)
		if _, err := os.Stat(filepath.Join(harness.RootDir(), file)); err != nil {
			return "there is no such file"
		}
	}
	if anchor == "" {
		return ""
	}
	if file != "" {
		p = read(t, file)
	}
	if !p.anchors()[anchor] {
		return p.name + " has no such heading"
	}
	return ""
}

// Every page of doc/ is in the README's list of what to read on.
func TestReadmeNamesEveryPage(t *testing.T) {
	readme := read(t, "README.md")
	for _, p := range glob(t, "doc/*.md") {
		if !strings.Contains(readme.prose, "]("+p.name) {
			t.Errorf("README.md has no link to %s", p.name)
		}
	}
}

// The rows of figures in the README are rows of the whole table.
func TestReadmeFiguresAreMeasured(t *testing.T) {
	table := read(t, "doc/performance.md").text
	_, figures, _ := strings.Cut(read(t, "README.md").text, "## How fast\n")
	rows := 0
	for line := range strings.Lines(figures) {
		if strings.HasPrefix(line, "|") {
			rows++
			if !strings.Contains(table, line) {
				t.Errorf("doc/performance.md has no row\n%s", line)
			}
		}
	}
	if rows < 3 {
		t.Errorf("the README has %d rows of figures", rows)
	}
}
