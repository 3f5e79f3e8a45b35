package libwebsocketd

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"websocketd/libwebsocketd/gate"
)

// findScript walks the URL path from the script directory, segment by segment,
// until it meets a file: that is the script, the rest is PATH_INFO. urlPath is
// clean. Hidden files and directories do not exist: nobody puts a program there for
// the world, but git and editors keep some there. What is executed is the file that was checked, all links resolved.
func findScript(dir, urlPath string) (route, *gate.Refusal) {
	notFound := refuse(http.StatusNotFound, "script not found: "+printable(urlPath))
	file := dir
	rest := urlPath
	for rest != "" && rest != "/" {
		segment, _, _ := strings.Cut(rest[1:], "/")
		if hidden(segment) || !filepath.IsLocal(segment) || strings.ContainsRune(segment, filepath.Separator) {
			return route{}, notFound
		}
		file = filepath.Join(file, segment)
		rest = strings.TrimPrefix(rest[1:], segment)
		info, err := os.Stat(file)
		switch {
		case err != nil:
			return route{}, notFound
		case info.IsDir():
			continue
		}
		resolved, ok := insideDir(dir, file)
		if !ok || !info.Mode().IsRegular() {
			return route{}, notFound
		}
		if !executable(info) {
			return route{}, refuse(http.StatusForbidden,
				"script is not executable: "+printable(urlPath)+"; chmod +x makes it so")
		}
		return route{
			argv:       []string{resolved},
			scriptName: strings.TrimSuffix(urlPath, rest),
			pathInfo:   rest,
		}, nil
	}
	return route{}, notFound
}

// insideDir resolves every link in file and reports whether the result is still
// below dir. A sibling whose name begins like dir's is not.
func insideDir(dir, file string) (string, bool) {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", false
	}
	resolved, err := filepath.EvalSymlinks(file)
	if err != nil {
		return "", false
	}
	rel, err := filepath.Rel(root, resolved)
	return resolved, err == nil && filepath.IsLocal(rel)
}

// executable asks the mode bits only; on Windows every file may be run.
func executable(info fs.FileInfo) bool {
	return filepath.Separator == '\\' || info.Mode()&0o111 != 0
}
