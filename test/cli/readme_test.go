package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"websocketd/internal/cli"
	"websocketd/test/harness"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.RootDir(), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every flag is in the README's table.
func TestReadmeHasEveryFlag(t *testing.T) {
	t.Parallel()
	text := readme(t)
	for _, f := range cli.Flags() {
		row := "| `--" + f.Name
		if slices.Contains([]string{"version", "license"}, f.Name) {
			row = "`--" + f.Name // in one row with --help
		}
		if !strings.Contains(text, row+"=") && !strings.Contains(text, row+"`") {
			t.Errorf("the README has no row for --%s", f.Name)
		}
	}
}

// The script the README opens with answers as the README says.
func TestReadmeOpening(t *testing.T) {
	t.Parallel()
	harness.Need(t, "bash")
	text := readme(t)
	_, block, _ := strings.Cut(text, "```bash\n")
	script, rest, _ := strings.Cut(block, "```\n")
	_, block, _ = strings.Cut(rest, "$ npx wscat")
	talk, _, _ := strings.Cut(block, "```")
	if n := strings.Count(script, "\n"); n > 11 {
		t.Errorf("the opening script has %d lines", n)
	}
	dir := harness.Scripts(t, map[string]string{"greet.sh": script})
	c := harness.Start(t, harness.Binary(t), filepath.Join(dir, "greet.sh")).Connect(t)
	for line := range strings.Lines(talk) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "<"):
			c.Expect(t, strings.TrimPrefix(line, "< "))
		case strings.HasPrefix(line, ">"):
			c.Text(strings.TrimSpace(strings.TrimPrefix(line, ">")))
		case strings.HasPrefix(line, "Disconnected"):
			c.Ends(t, 1000, "exit status 0")
			return
		}
	}
	t.Error("the README's talk has no end")
}

// The examples run as their README says.
func TestBashExamples(t *testing.T) {
	t.Parallel()
	harness.Need(t, "bash")
	s := harness.Start(t, harness.Binary(t), "--dir="+filepath.Join(harness.RootDir(), "examples", "bash"))
	got := s.ConnectTo(t, "/count.sh").Ends(t, 1000, "exit status 0")
	if !slices.Equal(got, strings.Fields("1 2 3 4 5 6 7 8 9 10")) {
		t.Errorf("count.sh: %q", got)
	}
	c := s.ConnectTo(t, "/greeter.sh")
	c.Text("Ann")
	c.Text("Bob and \\n Eve")
	c.Expect(t, "Hello Ann!", `Hello Bob and \n Eve!`)
}
