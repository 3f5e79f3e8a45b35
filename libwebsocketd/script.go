package libwebsocketd

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/paths"
	"websocketd/libwebsocketd/internal/text"
)

// findScript returns the route to a script. It walks the URL path from the script
// directory, segment by segment, until it meets a file: that is the script, the rest is
// PATH_INFO. urlPath is clean.
//
// Hidden files and directories are 404: git and editors keep programs there that are not
// meant for clients. The route names the file that was checked, with all links resolved.
func findScript(dir, urlPath string) (route, *gate.Refusal) {
	notFound := newRefusal(http.StatusNotFound, "script not found: "+text.Quote(urlPath))
	file := dir
	rest := urlPath
	for rest != "" && rest != "/" {
		segment, _, _ := strings.Cut(rest[1:], "/")
		if paths.Hidden(segment) || paths.Alias(segment) {
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
		scriptName := strings.TrimSuffix(urlPath, rest)
		root, relative, err := paths.Inside(dir, filepath.FromSlash(scriptName))
		if err != nil || !info.Mode().IsRegular() {
			return route{}, notFound
		}
		if !paths.Executable(info) {
			return route{}, newRefusalOf(gate.KindNotExecutable,
				"script is not executable: "+text.Quote(urlPath)+"; chmod +x makes it so")
		}
		return route{
			argv:       []string{filepath.Join(root, relative)},
			scriptName: scriptName,
			pathInfo:   rest,
		}, nil
	}
	return route{}, notFound
}
