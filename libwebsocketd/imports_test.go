package libwebsocketd

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path and root the module's root directory, seen from a test.
const (
	module = "websocketd"
	root   = ".."
)

// below says which rooms of the house stand directly below a room. A room may
// know every room it can reach downwards and no other. A package without a row
// fails the test: whoever adds one decides where it stands.
var below = map[string][]string{
	".":                        {"internal/cli", "libwebsocketd/process", "libwebsocketd/sandbox"},
	"client":                   {"libwebsocketd/ws"},
	"internal/cli":             {"internal/completion", "internal/connect", "internal/ctl", "internal/systemd", "internal/upgrade", "libwebsocketd/control", "libwebsocketd/manager", "libwebsocketd/pow", "libwebsocketd/mcp", "libwebsocketd/cluster", "libwebsocketd/poll", "libwebsocketd/credential", "libwebsocketd/autocert", "libwebsocketd"},
	"libwebsocketd/control":    {"libwebsocketd/hub", "libwebsocketd/gate", "libwebsocketd/listen", "libwebsocketd/manager", "libwebsocketd/session", "libwebsocketd/web"},
	"libwebsocketd/pow":        {"libwebsocketd/session"},
	"libwebsocketd/mcp":        {"libwebsocketd/session"},
	"libwebsocketd/session":    {"libwebsocketd/shared"},
	"libwebsocketd/manager":    {"libwebsocketd/shared"},
	"libwebsocketd/hub":        {"libwebsocketd/ws", "libwebsocketd/exchange", "libwebsocketd/record"},
	"libwebsocketd/cluster":    {"libwebsocketd", "libwebsocketd/record"},
	"libwebsocketd/shared":     {"libwebsocketd", "libwebsocketd/flow"},
	"libwebsocketd/credential": {"libwebsocketd/gate", "libwebsocketd/process", "libwebsocketd/internal/paths", "libwebsocketd/internal/after"},
	"libwebsocketd/autocert":   nil,
	"libwebsocketd/poll":       {"libwebsocketd", "libwebsocketd/exchange", "libwebsocketd/record"},

	"internal/completion": nil,
	"internal/connect":    {"internal/terminal", "client", "internal/errno"},
	"internal/ctl":        {"internal/terminal", "internal/errno"},
	"internal/errno":      nil,
	"internal/terminal":   {"internal/printable", "libwebsocketd/stdio"},
	"internal/printable":  nil,
	"internal/systemd":    nil,
	"internal/upgrade":    {"libwebsocketd/session"},

	// The server, and the two sides with the bridge between them.
	"libwebsocketd":          {"libwebsocketd/ws", "libwebsocketd/cgi", "libwebsocketd/stdio", "libwebsocketd/listen", "libwebsocketd/static", "libwebsocketd/web", "libwebsocketd/internal/rdns"},
	"libwebsocketd/ws":       {"libwebsocketd/internal/readbuf", "libwebsocketd/internal/text", "libwebsocketd/internal/socket", "libwebsocketd/gate", "libwebsocketd/logging"},
	"libwebsocketd/stdio":    {"libwebsocketd/internal/readbuf", "libwebsocketd/internal/text", "libwebsocketd/process", "libwebsocketd/logging"},
	"libwebsocketd/cgi":      {"libwebsocketd/exchange", "libwebsocketd/internal/text", "libwebsocketd/gate"},
	"libwebsocketd/exchange": {"libwebsocketd/bridge", "libwebsocketd/internal/text"},
	"libwebsocketd/bridge":   {"libwebsocketd/internal/frame", "libwebsocketd/internal/exit", "libwebsocketd/internal/after"},

	// Powers, each of which knows no other power.
	"libwebsocketd/process": {"libwebsocketd/internal/exit", "libwebsocketd/internal/backoff"},
	"libwebsocketd/sandbox": {"libwebsocketd/process"},
	"libwebsocketd/listen":  {"libwebsocketd/process", "libwebsocketd/internal/paths", "internal/errno"},
	"libwebsocketd/static":  {"libwebsocketd/internal/paths"},
	"libwebsocketd/gate":    {"libwebsocketd/internal/text", "libwebsocketd/internal/paths"},
	"libwebsocketd/record":  nil,
	"libwebsocketd/flow":    {"libwebsocketd/record"},
	"libwebsocketd/web":     {"clients/js"},
	"libwebsocketd/logging": nil,

	"libwebsocketd/internal/readbuf": {"libwebsocketd/bridge"},
	"libwebsocketd/internal/after":   nil,
	"libwebsocketd/internal/backoff": nil,
	"libwebsocketd/internal/frame":   nil,
	"libwebsocketd/internal/text":    nil,
	"libwebsocketd/internal/socket":  nil,
	"libwebsocketd/internal/exit":    nil,
	"libwebsocketd/internal/paths":   nil,
	"libwebsocketd/internal/rdns":    nil,

	// What tests have in common; see testOnly.
	"libwebsocketd/internal/testkit":    {"libwebsocketd/logging"},
	"libwebsocketd/internal/bridgetest": {"libwebsocketd/internal/readbuf"},

	"clients/js":  nil, // the bundle of the browser client
	"examples/go": nil, // programs to be served, each a file of its own
}

// outside says where a dependency that is not the standard library's may be
// imported: in a folder (it ends with /) or in a file. Each sits in one package,
// but for x/sys, which those that talk to the system share.
var outside = map[string][]string{
	"github.com/alecthomas/kong":          {"internal/cli/"},
	"github.com/gorilla/websocket":        {"libwebsocketd/ws/upgrade.go", "libwebsocketd/ws/dial.go"},
	"github.com/fsnotify/fsnotify":        {"libwebsocketd/shared/"},
	"github.com/landlock-lsm/go-landlock": {"libwebsocketd/sandbox/"},
	"golang.org/x/term":                   {"internal/terminal/", "internal/cli/passwd_ask.go"},
	"golang.org/x/crypto":                 {"libwebsocketd/credential/", "libwebsocketd/autocert/"},
	"github.com/tg123/go-htpasswd":        {"libwebsocketd/credential/"},
	"github.com/pelletier/go-toml":        {"internal/cli/"},
	"golang.org/x/time":                   {"libwebsocketd/gate/"},
	"github.com/shirou/gopsutil":          {"libwebsocketd/manager/"},
	"github.com/golang-jwt/jwt":           {"libwebsocketd/credential/"},
	"github.com/coreos/go-systemd":        {"internal/systemd/"},
	"golang.org/x/sys":                    {"libwebsocketd/process/", "libwebsocketd/listen/", "libwebsocketd/ws/", "libwebsocketd/stdio/", "libwebsocketd/internal/readbuf/", "libwebsocketd/internal/socket/", "libwebsocketd/internal/exit/", "libwebsocketd/internal/testkit/", "internal/errno/"},
}

// testOnly are further packages that any test may import, and only tests.
var testOnly = []string{
	"go.uber.org/goleak", "pgregory.net/rapid", "github.com/gorilla/websocket",
	module + "/libwebsocketd/internal/testkit", module + "/libwebsocketd/internal/bridgetest",
	module + "/libwebsocketd/poll", // what clients without WebSocket get of a Lifetime
}

// TestImports holds every file of the module, for whatever system it is, to the
// table of rooms and to the table of dependencies.
func TestImports(t *testing.T) {
	for _, file := range sourceFiles(t, root) {
		folder := filepath.ToSlash(filepath.Dir(file))
		if _, ok := below[folder]; !ok {
			t.Errorf("%s: package %s has no row in the table of rooms", file, folder)
			continue
		}
		for _, imported := range importsOf(t, file) {
			if why := forbidden(file, folder, imported); why != "" {
				t.Errorf("%s imports %s: %s", file, imported, why)
			}
		}
	}
}

// TestImportRule asks the rule about imports it must not let pass.
func TestImportRule(t *testing.T) {
	for _, test := range []struct {
		file, imported string
		allowed        bool
	}{
		{"internal/cli/serve.go", module + "/libwebsocketd/gate", true},
		{"libwebsocketd/server.go", module + "/libwebsocketd/gate", true},
		{"libwebsocketd/pow/rest.go", module + "/libwebsocketd/record", true},
		{"libwebsocketd/server.go", module + "/internal/cli", false},
		{"libwebsocketd/server.go", module + "/libwebsocketd/shared", false},
		{"libwebsocketd/server.go", module + "/libwebsocketd/credential", false},
		{"libwebsocketd/server_test.go", module + "/libwebsocketd/shared", false},
		{"libwebsocketd/gate/slots.go", module + "/libwebsocketd/process", false},
		{"libwebsocketd/process/process.go", module + "/libwebsocketd", false},
		{"libwebsocketd/manager/app.go", module + "/libwebsocketd/hub", false},
		{"libwebsocketd/server.go", "github.com/gorilla/websocket", false},
		{"libwebsocketd/ws/upgrade.go", "github.com/gorilla/websocket", true},
		{"libwebsocketd/bridge/ending.go", module + "/libwebsocketd/process", false},
		{"libwebsocketd/ws/conn.go", module + "/libwebsocketd", false},
		{"libwebsocketd/ws/conn.go", module + "/libwebsocketd/stdio", false},
		{"libwebsocketd/exchange/client.go", module + "/libwebsocketd", false},
		{"libwebsocketd/exchange/client.go", module + "/libwebsocketd/poll", false},
		{"libwebsocketd/hub/hub.go", module + "/libwebsocketd", false},
		{"libwebsocketd/hub/hub.go", module + "/libwebsocketd/bridge", true},
		{"libwebsocketd/ws/conn.go", module + "/libwebsocketd/internal/testkit", false},
		{"libwebsocketd/ws/conn_test.go", module + "/libwebsocketd/internal/testkit", true},
		{"libwebsocketd/server_test.go", "github.com/gorilla/websocket", true},
		{"libwebsocketd/server_test.go", "github.com/alecthomas/kong", false},
		{"libwebsocketd/gate/host.go", "golang.org/x/sys/unix", false},
		{"libwebsocketd/gate/rate.go", "golang.org/x/time/rate", true},
		{"libwebsocketd/ws/endpoint.go", "golang.org/x/time/rate", false},
		{"main.go", "github.com/alecthomas/kong", false},
		{"internal/cli/cli.go", "github.com/alecthomas/kong", true},
		{"internal/cli/cli.go", "github.com/alecthomas/kong-yaml", false},
		{"internal/cli/cli.go", "example.com/new", false},
	} {
		why := forbidden(test.file, filepath.Dir(test.file), test.imported)
		if (why == "") != test.allowed {
			t.Errorf("%s imports %s: %q, allowed should be %v", test.file, test.imported, why, test.allowed)
		}
	}
}

// TestRoomsHaveNoCircle: without circles "upwards" has a meaning.
func TestRoomsHaveNoCircle(t *testing.T) {
	for folder, rooms := range below {
		if slices.ContainsFunc(rooms, func(r string) bool { return r == folder || reaches(r, folder) }) {
			t.Errorf("%s stands below itself", folder)
		}
		for _, r := range rooms {
			if _, ok := below[r]; !ok {
				t.Errorf("%s stands above %s, which has no row", folder, r)
			}
		}
	}
}

// forbidden returns why the file must not import the package, "" if it may.
func forbidden(file, folder, imported string) string {
	first, _, _ := strings.Cut(imported, "/")
	switch {
	case strings.HasSuffix(file, "_test.go") && slices.ContainsFunc(testOnly, belongsTo(imported)):
		return ""
	case imported == module || strings.HasPrefix(imported, module+"/"):
		to := strings.TrimPrefix(imported, module+"/")
		if to != folder && !reaches(folder, to) {
			return "that room is not below this one"
		}
		return ""
	case !strings.Contains(first, "."):
		return "" // the standard library
	}
	for dependency, places := range outside {
		if belongsTo(imported)(dependency) {
			if slices.Contains(places, file) || slices.Contains(places, folder+"/") {
				return ""
			}
			return "it belongs in " + strings.Join(places, " and ")
		}
	}
	return "an unknown dependency"
}

func belongsTo(imported string) func(string) bool {
	return func(dependency string) bool {
		return imported == dependency || strings.HasPrefix(imported, dependency+"/")
	}
}

// reaches reports whether a room stands somewhere below another.
func reaches(from, to string) bool {
	return slices.ContainsFunc(below[from], func(r string) bool { return r == to || reaches(r, to) })
}

// TestDependencies holds the core to what it promises whoever embeds it, on
// every system it is built for.
func TestDependencies(t *testing.T) {
	t.Parallel()
	allowed := []string{module, "github.com/gorilla/websocket", "golang.org/x/sys", "golang.org/x/time"}
	for _, system := range []string{"linux", "windows", "darwin", "freebsd"} {
		list := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./libwebsocketd")
		list.Dir = root
		list.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
		out, err := list.Output()
		if err != nil {
			t.Fatalf("go list for %s: %v", system, err)
		}
		found := strings.Fields(string(out))
		if !slices.Contains(found, module+"/libwebsocketd/gate") {
			t.Fatalf("go list for %s does not even name gate: %q", system, found)
		}
		for _, imported := range found {
			if !slices.ContainsFunc(allowed, belongsTo(imported)) {
				t.Errorf("for %s libwebsocketd needs %s", system, imported)
			}
		}
	}
}

// TestRequirements: go.mod names no module that nothing here imports, but for those that others need.
func TestRequirements(t *testing.T) {
	t.Parallel()
	var imported []string
	for _, file := range sourceFiles(t, root) {
		imported = append(imported, importsOf(t, file)...)
	}
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	required := 0
	for line := range strings.Lines(string(text)) {
		requirement, isOne := strings.CutPrefix(line, "\t")
		name, rest, _ := strings.Cut(requirement, " ")
		if !isOne || strings.Contains(rest, "// indirect") {
			continue
		}
		required++
		if !slices.ContainsFunc(imported, func(path string) bool { return belongsTo(path)(name) }) {
			t.Errorf("go.mod requires %s, which no file imports", name)
		}
	}
	if required < len(outside)/2 {
		t.Errorf("go.mod was not understood: %d requirements", required)
	}
}

// sourceFiles returns the .go files of the module in dir, by their slashed paths.
// Folders with a go.mod of their own are other modules.
func sourceFiles(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		switch {
		case entry.IsDir() && rel != "." && (isModule(path) || strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata"):
			return filepath.SkipDir
		case !entry.IsDir() && strings.HasSuffix(path, ".go"):
			files = append(files, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil || !slices.Contains(files, "libwebsocketd/doc.go") {
		t.Fatalf("the module's files: %v, %v", err, files)
	}
	return files
}

func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func importsOf(t *testing.T, file string) (imports []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range parsed.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		imports = append(imports, path)
	}
	return imports
}
