package libwebsocketd

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"websocketd/libwebsocketd/internal/paths"
)

// shownProgram is what the console's page is sent about a program. The values of
// variables are not in it: many are secrets.
type shownProgram struct {
	Name         string   `json:"name"`
	Path         string   `json:"path"`
	Command      []string `json:"command"`
	Framing      string   `json:"framing"`  // or binary
	Lifetime     string   `json:"lifetime"` // connection, or what the Lifetime calls itself
	Stderr       string   `json:"stderr"`
	Protocols    []string `json:"protocols"`
	MaxFrameSize int64    `json:"maxframesize"` // 0 is no limit
}

// shownPrograms is the document at consoleDocumentPath.
type shownPrograms struct {
	Programs []shownProgram `json:"programs"`
	More     bool           `json:"more"` // scripts of --dir that are not listed
}

const (
	mostScripts = 200  // of --dir, in the list
	mostEntries = 2000 // of directories, read to find them
	mostDepth   = 5
)

// servePrograms answers with the list of the programs. Clients who are not local see no
// arguments of theirs.
func (c *console) servePrograms(w http.ResponseWriter, local bool) {
	list := shownPrograms{Programs: []shownProgram{}}
	for _, p := range c.server.routes.Load().programs {
		if p.scripts == "" {
			list.Programs = append(list.Programs, p.shown(p.Path, p.Command, local))
			continue
		}
		scripts := listScripts(p.scripts)
		for _, at := range scripts.found {
			list.Programs = append(list.Programs, p.shown(at, []string{at}, local))
		}
		list.More = scripts.more
	}
	slices.SortFunc(list.Programs, func(a, b shownProgram) int { return strings.Compare(a.Path, b.Path) })
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	json.NewEncoder(w).Encode(list)
}

func (p *program) shown(at string, command []string, local bool) shownProgram {
	shown := shownProgram{
		Name: p.Name, Path: at, Framing: p.framingName(), Lifetime: p.lifetimeName(),
		Stderr: string(p.Stderr), Protocols: append([]string{}, p.Protocols...), MaxFrameSize: max(p.MaxFrameSize, 0),
	}
	shown.Command = []string{filepath.Base(command[0])}
	if local {
		shown.Command = append(shown.Command, command[1:]...)
	}
	shown.Name = orDefault(shown.Name, shown.Command[0])
	return shown
}

// scriptList lists the URL paths of the scripts of a directory, in their order.
type scriptList struct {
	dir   string
	found []string
	seen  int
	more  bool
}

func listScripts(dir string) *scriptList {
	l := &scriptList{dir: dir}
	l.walk("/", 1)
	return l
}

// walk adds the scripts at and below a URL path, within the limits above. It does not
// follow links to directories, which may lead in a circle.
func (l *scriptList) walk(at string, depth int) {
	entries, whole := readSome(filepath.Join(l.dir, filepath.FromSlash(at)), mostEntries-l.seen)
	l.more = l.more || !whole
	l.seen += len(entries)
	for _, e := range entries {
		child := path.Join(at, e.Name())
		switch {
		case paths.Hidden(child):
		case e.IsDir() && depth < mostDepth:
			l.walk(child, depth+1)
		case e.IsDir():
			l.more = true
		default:
			l.add(child)
		}
	}
}

// add lists a path if a client would get a script there.
func (l *scriptList) add(at string) {
	switch _, refusal := findScript(l.dir, at); {
	case refusal != nil:
	case len(l.found) == mostScripts:
		l.more = true
	default:
		l.found = append(l.found, at)
	}
}

// readSome returns at most n entries of a directory, by name; whole reports whether these
// are all. A directory that cannot be read has none.
func readSome(dir string, n int) (entries []fs.DirEntry, whole bool) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, true
	}
	defer f.Close()
	entries, _ = f.ReadDir(n + 1)
	if whole = len(entries) <= n; !whole {
		entries = entries[:n]
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, whole
}
