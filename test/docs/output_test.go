package docs

import (
	"regexp"
	"strings"
)

// changing are the parts of output that are not the same twice.
var changing = []string{
	`[A-Z2-7]{16,26}\b`, // an epoch
	`[A-Z][a-z]{2}, \d+ [A-Z]\w+ \d{4} [\d:]+ \+\d+`, // times
	`\d{4}-\d\d-\d\dT?[ \d:.+Z-]+`,
	`[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]+ GMT`,
	`pid:'\d+'`, `remote:'[^']*'`, `id:'[^']*'`, `duration:'[^']*'`, `[\d.]+[mµ]s\b`,
	`websocketd/[\w.+-]+`,
	`\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`,                    // of calls
	`\b[0-9a-f]{32}\b`, `[\w-]{43}`, `"pid":[1-9]\d*`, `"confirmed":\d+`, // of sessions: ids, secrets and tickets
}

var changes = regexp.MustCompile(strings.Join(append([]string{`(?m)^\.\.\.$`}, changing...), "|"))

// pattern matches text, its changing parts aside.
func pattern(text string) *regexp.Regexp {
	var b strings.Builder
	end := 0
	for _, at := range changes.FindAllStringIndex(text, -1) {
		b.WriteString(regexp.QuoteMeta(text[end:at[0]]))
		b.WriteString(changingLike(text[at[0]:at[1]]))
		end = at[1]
	}
	b.WriteString(regexp.QuoteMeta(text[end:]))
	return regexp.MustCompile(b.String())
}

// exactly matches what is as text, and nothing more.
func exactly(text string) *regexp.Regexp {
	return regexp.MustCompile(`\A(?:` + pattern(text).String() + `)\n?\z`)
}

// changingLike returns the expression for a changing part of output.
func changingLike(part string) string {
	if part == "..." {
		return `(?s:.*)`
	}
	for _, c := range changing {
		if regexp.MustCompile(`\A(?:` + c + `)\z`).MatchString(part) {
			return c
		}
	}
	return regexp.QuoteMeta(part)
}
