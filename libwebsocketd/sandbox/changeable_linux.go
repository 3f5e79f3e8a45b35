package sandbox

import (
	"os"
	"path/filepath"
	"strings"
)

// mostLinks limits how many links a path may lead through, as the kernel does.
const mostLinks = 40

// lasting returns those of some paths that do not lead through one of the directories that may be
// written. A process of before may have put a link to anything there, which must not widen the
// sandbox of the next one. What is in such a directory needs no rule of its own.
func lasting(paths, writable []string) (kept []string) {
	var dirs []string
	for _, path := range writable {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, real)
		}
	}
	for _, path := range paths {
		if !leadsThrough(path, dirs) {
			kept = append(kept, path)
		}
	}
	return kept
}

// leadsThrough reports whether an entry of one of some directories, or of one below them, is looked
// up on the way of a path.
func leadsThrough(path string, dirs []string) bool {
	at, rest := "/", strings.Split(path, "/")
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if name == "" || name == "." {
			continue
		}
		if isBelow(at, dirs) {
			return true
		}
		next := filepath.Join(at, name)
		to, err := os.Readlink(next)
		if err != nil { // it is no link; whether it is there is told later
			at = next
			continue
		}
		if links++; links > mostLinks {
			return true
		}
		if filepath.IsAbs(to) {
			at = "/"
		}
		rest = append(strings.Split(to, "/"), rest...)
	}
	return false
}

// isBelow reports whether a directory is one of some others, or below one.
func isBelow(dir string, dirs []string) bool {
	for _, above := range dirs {
		if rel, err := filepath.Rel(above, dir); err == nil && rel != ".." && !strings.HasPrefix(rel, "../") {
			return true
		}
	}
	return false
}
