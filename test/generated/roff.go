package generated

import (
	"fmt"
	"regexp"
	"strings"
)

// roff is a page in the macros man(7), which groff and mandoc read.
type roff struct {
	strings.Builder
	begun bool // a section has something in it
}

// newRoff begins a page of a section.
func newRoff(name string, section int, title string) *roff {
	r := &roff{}
	fmt.Fprintf(r, ".\\\" Made from the program's own grammar: make -C release generate\n.TH %s %d %s websocketd %q\n.nh\n.ad l\n", strings.ToUpper(name), section, pageDate, title)
	return r
}

// pageDate is the day when the form of the pages last changed: what is made of the same grammar
// is the same on any day.
const pageDate = "2026-11-28"

// escape returns text that means nothing to roff. Hyphens are those of the command line, so that
// what is copied from the page can be typed.
func escape(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "^", `\(ha`, "~", `\(ti`, "`", `\(ga`).Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}

func (r *roff) section(name string) {
	fmt.Fprintf(r, ".SH %s\n", escape(name))
	r.begun = false
}

func (r *roff) subsection(name string) {
	fmt.Fprintf(r, ".SS %s\n", escape(name))
	r.begun = false
}

// between writes a macro that stands between two things of a section.
func (r *roff) between(macro string) {
	if r.begun {
		r.WriteString(macro + "\n")
	}
	r.begun = true
}

// text writes a paragraph. Each sentence stands in a line of its own, as roff wants it.
func (r *roff) text(text string) {
	r.between(".PP")
	r.WriteString(sentences(text))
}

// item writes a term and what it means. The term has its escapes.
func (r *roff) item(term, text string) {
	r.begun = true
	r.WriteString(".TP\n" + term + "\n" + sentences(text))
}

// code writes lines as they are.
func (r *roff) code(lines ...string) {
	r.between(".PP")
	r.WriteString(".nf\n.RS 4\n")
	for _, line := range lines {
		r.WriteString(escape(line) + "\n")
	}
	r.WriteString(".RE\n.fi\n")
}

// sentenceEnds are where another sentence begins.
var sentenceEnds = regexp.MustCompile(`([^.]\.|[!?]) ([A-Z(])`)

func sentences(text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(sentenceEnds.ReplaceAllString(strings.Join(strings.Fields(text), " "), "$1\n$2"), "\n") {
		b.WriteString(escape(line) + "\n")
	}
	return b.String()
}

func bold(text string) string   { return `\fB` + escape(text) + `\fR` }
func italic(text string) string { return `\fI` + escape(text) + `\fR` }

// seeAlso writes the pages that are referred to, in the order of their sections.
func (r *roff) seeAlso(pages ...string) {
	r.section("SEE ALSO")
	for i, page := range pages {
		name, section, _ := strings.Cut(page, "(")
		comma := ","
		if i == len(pages)-1 {
			comma = ""
		}
		fmt.Fprintf(r, ".BR %s (%s%s\n", escape(name), section, comma)
	}
}
