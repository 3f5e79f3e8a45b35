package generated

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestAPI compares what the packages export with what they did: whatever other programs may use
// changes knowingly, or not at all.
func TestAPI(t *testing.T) {
	t.Parallel()
	golden := filepath.Join("testdata", "api.txt")
	now := exportedAPI(t)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(strings.Join(now, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	before := strings.Split(strings.TrimSpace(string(text)), "\n")
	changes := append(without("- ", before, now), without("+ ", now, before)...)
	if len(changes) > 0 {
		t.Errorf("the exported API has changed; if it may, write it anew: cd test && UPDATE=1 go test -run TestAPI ./generated\n%s", strings.Join(changes, "\n"))
	}
}

// without returns the lines of a list that are not in another, each with a mark.
func without(mark string, lines, others []string) (all []string) {
	for _, line := range lines {
		if !slices.Contains(others, line) {
			all = append(all, mark+line)
		}
	}
	return all
}

// TestAPILister: a field, a method, a constant, an alias and a function of ours are there, and
// nothing of what is internal.
func TestAPILister(t *testing.T) {
	t.Parallel()
	lines := exportedAPI(t)
	for _, want := range []string{
		"websocketd/libwebsocketd: type Settings struct, MaxLine int",
		"websocketd/libwebsocketd: func New(cfg Config) (*Server, error)",
		"websocketd/libwebsocketd: method (*Server) GoingAway() bool",
		"websocketd/libwebsocketd/bridge: const CloseGoingAway untyped int = 1001",
		"websocketd/libwebsocketd/bridge: type Endpoint interface",
		`websocketd/libwebsocketd/gate: const KindOrigin Kind = "origin"`,
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, line := range lines {
		if pkg, _, _ := strings.Cut(line, ":"); strings.Contains(pkg, "internal") {
			t.Errorf("%q", line)
		}
	}
}
