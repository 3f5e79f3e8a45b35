package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	command "websocketd/internal/cli"
	"websocketd/test/harness"
)

// tables begin with a mark, and end with tableEnds.
var tables = []struct {
	begins string
	flags  func() []command.Flag
}{
	{"<!-- The table is the program's own: UPDATE=1 go test ./docs -run Flags, in test/, writes it. -->\n", command.Flags},
	{"<!-- The table of connect: it is written with the one above. -->\n", command.ConnectFlags},
	{"<!-- The table of ctl: it is written with the one above. -->\n", command.CtlFlags},
}

const tableEnds = "<!-- end of the table -->\n"

// The tables of flags are what the program says of itself.
func TestFlags(t *testing.T) {
	file := filepath.Join(harness.RootDir(), "doc", "flags.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, table := range tables {
		before, rest, begins := strings.Cut(page, table.begins)
		_, after, ends := strings.Cut(rest, tableEnds)
		if !begins || !ends {
			t.Fatal("doc/flags.md has lost the marks around a table")
		}
		page = before + table.begins + flagTable(table.flags()) + tableEnds + after
	}
	switch {
	case page == string(text):
	case os.Getenv("UPDATE") != "":
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("a table of doc/flags.md is not the program's; UPDATE=1 go test ./docs -run Flags writes this page:\n%s", page)
	}
}

func flagTable(flags []command.Flag) string {
	var b strings.Builder
	group := ""
	for _, f := range flags {
		if f.Group != group {
			group = f.Group
			b.WriteString("\n**" + group + "**\n\n| flag | default | meaning |\n|---|---|---|\n")
		}
		flag := "--" + f.Name
		switch {
		case f.Kind == command.KindSwitch:
			flag += "[=" + f.Placeholder + "]"
		case f.Placeholder != "":
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
