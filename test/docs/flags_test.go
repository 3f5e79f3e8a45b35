package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	command "websocketd/internal/cli"
	"websocketd/test/harness"
)

const (
	tableBegins = "<!-- The table is the program's own: UPDATE=1 go test ./docs -run Flags, in test/, writes it. -->\n"
	tableEnds   = "<!-- end of the table -->\n"
)

// The table of flags is what the program says of itself.
func TestFlags(t *testing.T) {
	file := filepath.Join(harness.RootDir(), "doc", "flags.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), tableBegins)
	table, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		t.Fatal("doc/flags.md has lost the marks around its table")
	}
	want := flagTable()
	switch {
	case table == want:
	case os.Getenv("UPDATE") != "":
		if err := os.WriteFile(file, []byte(before+tableBegins+want+tableEnds+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the table of doc/flags.md is not the program's; UPDATE=1 go test ./docs -run Flags writes this one:\n%s", want)
	}
}

func flagTable() string {
	var b strings.Builder
	group := ""
	for _, f := range command.Flags() {
		if f.Group != group {
			group = f.Group
			b.WriteString("\n**" + group + "**\n\n| flag | default | meaning |\n|---|---|---|\n")
		}
		flag := "--" + f.Name
		if f.Placeholder != "" {
			flag += "=" + f.Placeholder
		}
		value := f.Default
		if value != "" {
			value = "`" + value + "`"
		}
		b.WriteString("| `" + inCell(flag) + "` | " + value + " | " + inCell(f.Help) + " |\n")
	}
	return b.String() + "\n"
}

// inCell returns text as it stands in a cell of a table.
func inCell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
