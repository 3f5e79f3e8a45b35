package mcp

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// check is one thing that the suite has looked at.
type check struct {
	ID, Name     string
	Status       string // SUCCESS, WARNING, FAILURE, SKIPPED; INFO says nothing of the server
	ErrorMessage string
}

// verdict is what the suite says of a server: its checks by scenario.
type verdict map[string][]check

// timestamp is what follows the name of a scenario in that of its directory.
const timestamp = "-2006-01-02T15-04-05-000Z"

// readVerdict reads what the suite has written into a directory.
func readVerdict(t *testing.T, dir string) verdict {
	t.Helper()
	v := verdict{}
	files, _ := filepath.Glob(filepath.Join(dir, "server-*", "checks.json"))
	for _, file := range files {
		scenario := filepath.Base(filepath.Dir(file))
		scenario = scenario[len("server-") : len(scenario)-len(timestamp)]
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var all []check
		if err := json.Unmarshal(text, &all); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		v[scenario] = all
	}
	return v
}

// count says how many checks have succeeded, as the suite's last line does.
func (v verdict) count() string {
	number := map[string]int{}
	for _, all := range v {
		for _, c := range all {
			number[c.Status]++
		}
	}
	return fmt.Sprintf("%d checks passed, %d failed, in %d scenarios", number["SUCCESS"], number["FAILURE"], len(v))
}

// elsewhere are scenarios in which the program does over HTTP of its own what it cannot ask for
// on stdin and stdout. In them nothing may fail, but other things may be looked at.
var elsewhere = []string{
	"server-sse-polling", // the program ends its stream, for the client to come again
}

// maywarn are checks of what a server should do, in which the Go SDK's does otherwise on stdin
// and stdout: of several subscriptions to one kind of change it keeps the newest for each
// connection, and this is one connection. When that ends, the others are told nothing.
var maywarn = []string{
	"sep-2575-server-sends-prompts-list-changed-on-subscription",
	"sep-2575-server-sends-tools-list-changed-on-subscription",
}

// worse returns what v says against a server and other does not, check by check. To be better
// is allowed: where one warns, the other may succeed.
func (v verdict) worse(other verdict) (all []string) {
	for scenario, checks := range other {
		mine, theirs := byName(v[scenario]), byName(checks)
		if slices.Contains(elsewhere, scenario) {
			theirs = nil
		}
		for name, c := range theirs {
			got, looked := mine[name]
			switch {
			case c.Status == "INFO":
			case !looked:
				all = append(all, fmt.Sprintf("%s: %s: not looked at, want %s", scenario, name, c.Status))
			case got.Status == "WARNING" && slices.Contains(maywarn, c.ID):
			case rank(got) < rank(c):
				all = append(all, fmt.Sprintf("%s: %s: %s, want %s: %s", scenario, name, got.Status, c.Status, got.ErrorMessage))
			}
		}
		for name, c := range mine {
			if _, looked := theirs[name]; !looked && c.Status == "FAILURE" {
				all = append(all, fmt.Sprintf("%s: %s: %s", scenario, name, c.ErrorMessage))
			}
		}
	}
	slices.Sort(all)
	return all
}

// byName gives every check a name of its own.
func byName(checks []check) map[string]check {
	all := map[string]check{}
	for _, c := range checks {
		name := c.ID + " (" + c.Name + ")"
		for n := 2; ; n++ {
			if _, taken := all[name]; !taken {
				break
			}
			name = fmt.Sprintf("%s (%s) %d", c.ID, c.Name, n)
		}
		all[name] = c
	}
	return all
}

// rank orders verdicts. There is nothing against a server that has no need of what is optional.
func rank(c check) int {
	return slices.Index([]string{"FAILURE", "SKIPPED", "WARNING", "SUCCESS", "INFO"}, c.Status)
}

// A verdict is worse by what fails, what warns and what was not looked at, and by nothing else.
func TestWorse(t *testing.T) {
	t.Parallel()
	other := verdict{
		"a":                  {{ID: "1", Status: "SUCCESS"}, {ID: "1", Status: "FAILURE"}, {ID: "2", Status: "WARNING"}, {ID: "3", Status: "INFO"}},
		"server-sse-polling": {{ID: "4", Status: "SUCCESS"}},
	}
	for _, test := range []struct {
		mine verdict
		want int
	}{
		{other, 0},
		{verdict{"a": {{ID: "1", Status: "SUCCESS"}, {ID: "1", Status: "SUCCESS"}, {ID: "2", Status: "SUCCESS"}}}, 0},
		{verdict{"a": {{ID: "1", Status: "FAILURE"}, {ID: "1", Status: "SUCCESS"}, {ID: "2", Status: "FAILURE"}}}, 2},
		{verdict{"a": {{ID: "1", Status: "SUCCESS"}}}, 2},
		{verdict{}, 3},
		{verdict{"a": {{ID: "1", Status: "INFO"}, {ID: "1", Status: "FAILURE"}, {ID: "2", Status: "WARNING"}}}, 0},
		{verdict{"a": append([]check{{ID: "9", Status: "FAILURE"}}, other["a"]...)}, 1},
		{verdict{"a": other["a"], "server-sse-polling": {{ID: "4", Status: "FAILURE"}}}, 1},
		{verdict{"a": other["a"], "server-sse-polling": {{ID: "5", Status: "WARNING"}}}, 0},
	} {
		if got := test.mine.worse(other); len(got) != test.want {
			t.Errorf("%v: %q, want %d", test.mine, got, test.want)
		}
	}
}
