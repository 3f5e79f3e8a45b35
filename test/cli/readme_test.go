package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	command "websocketd/internal/cli"
	"websocketd/test/harness"
)

const (
	tableBegins = "<!-- The table is the program's own: UPDATE=1 go test ./cli -run Readme, in test/, writes it. -->\n"
	tableEnds   = "<!-- end of the table -->\n"
)

// The README's table of flags is what the program says of itself.
func TestReadmeFlags(t *testing.T) {
	file := filepath.Join(harness.RootDir(), "README.md")
	readme, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(readme), tableBegins)
	table, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		t.Fatal("the README has lost the marks around its table of flags")
	}
	want := flagTable()
	switch {
	case table == want:
	case os.Getenv("UPDATE") != "":
		if err := os.WriteFile(file, []byte(before+tableBegins+want+tableEnds+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the README's table of flags is not the program's; UPDATE=1 go test ./cli -run Readme writes this one:\n%s", want)
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
		b.WriteString("| `" + flag + "` | " + value + " | " + strings.ReplaceAll(f.Help, "|", `\|`) + " |\n")
	}
	return b.String() + "\n"
}
