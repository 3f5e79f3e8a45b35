package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// findConfig reads the file named by --config in the arguments, or else in the environment.
// Without one, and with nothing else to serve, it reads the first of the usual files that is
// there. Without any it returns an empty configFile. It refuses only a file that cannot be read,
// or must not; what is wrong in it is in its faults.
func (i invocation) findConfig(flags []*kong.Flag, line commandLine, env []setting) (*configFile, *refusal) {
	layers := [][]setting{line.settings, env}
	if values := valuesOf(layers, "config"); len(values) > 0 && values[len(values)-1] != "" {
		return readConfig(values[len(values)-1], flags)
	}
	if len(line.command) > 0 || slices.ContainsFunc([]string{"config", "dir", "staticdir", "cgidir"}, func(name string) bool { return len(valuesOf(layers, name)) > 0 }) {
		return &configFile{flags: flags}, nil
	}
	usual := usualConfigs(runtime.GOOS, i.environ)
	if i.found != "" {
		usual = []string{i.found} // a reload does not change over to another one
	}
	return readFirst(usual, flags)
}

// usualConfigs returns where a configuration file is looked for: with the user, then the system.
func usualConfigs(goos string, environ []string) (files []string) {
	get := func(name string) (value string) {
		for _, entry := range environ {
			if key, text, _ := strings.Cut(entry, "="); key == name || goos == "windows" && strings.EqualFold(key, name) {
				value = text
			}
		}
		return value
	}
	user, system := get("XDG_CONFIG_HOME"), "/etc"
	switch {
	case goos == "windows":
		user, system = get("AppData"), get("ProgramData")
	case !filepath.IsAbs(user): // as if it were not set (XDG Base Directory Specification)
		user = filepath.Join(get("HOME"), ".config")
	}
	if goos == "freebsd" {
		system = "/usr/local/etc"
	}
	for _, dir := range []string{user, system} {
		if filepath.IsAbs(dir) {
			files = append(files, filepath.Join(dir, "websocketd", "websocketd.toml"))
		}
	}
	return files
}

// readFirst reads the first of files that is there, if one is. Nobody has named it, and what it
// names is run: it must be root's or this user's, and not everyone's to write.
func readFirst(files []string, flags []*kong.Flag) (*configFile, *refusal) {
	for _, file := range files {
		info, err := os.Stat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission): // of its directory
			continue
		case err != nil:
			return nil, unreadable(file, err)
		}
		if why := distrusted(info); why != "" {
			return nil, &refusal{status: ExitFlags, message: fmt.Sprintf("%s: not read, because %s; --config=%[1]s reads it nevertheless", file, why)}
		}
		c, r := readConfig(file, flags)
		if r == nil {
			c.notes = append(c.notes, "Configuration found         : "+file)
		}
		return c, r
	}
	return &configFile{flags: flags}, nil
}
