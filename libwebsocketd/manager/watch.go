package manager

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/shared"
)

// watch restarts the instances when a file below the program's directory changes, until the service
// is another's, or the server goes away. When it returns the files are watched: a process that is
// started then has read nothing older than what they were.
func (s *service) watch() {
	dir := s.runtime.Program().WorkDir
	if dir == "" {
		dir = "."
	}
	tree := &shared.Tree{
		Dir: dir, Ignore: s.app.IgnoreWatch, Own: s.app.own(),
		Changed: s.changed, Log: s.runtime.Log(), Source: category,
	}
	release := tree.Watch()
	s.runtime.Go(func() {
		defer release()
		select {
		case <-s.retired:
		case <-s.runtime.Context().Done():
		}
	})
}

// changed restarts every instance that runs, and starts those that are errored. Where another server
// hands them over that is done once they are there: that one may take no notice any more. It does not wait.
func (s *service) changed(path string) {
	if s.runtime.IsBegun() {
		s.restartChanged(path)
		return
	}
	s.runtime.Go(func() {
		if s.runtime.AwaitBegun() {
			s.restartChanged(path)
		}
	})
}

func (s *service) restartChanged(path string) {
	s.say(libwebsocketd.LevelAccess, "CHANGED", "file", path)
	for _, i := range s.list() {
		if !i.again() && i.info().Status == Errored {
			i.begin()
		}
	}
}

// own returns what reports whether a file is one that processes of the program write by way of the
// server, whichever instance it is of, or what a rotation makes of one.
func (a *App) own() func(at string) bool {
	type file struct {
		dir  string
		name *regexp.Regexp
	}
	var files []file
	for _, path := range []string{a.OutFile, a.ErrorFile, a.LogFile, a.PidFile} {
		if path == "" {
			continue
		}
		dir, base := realDir(path), filepath.Base(path)
		extension := filepath.Ext(base)
		stem := regexp.QuoteMeta(strings.TrimSuffix(base, extension))
		files = append(files, file{dir, regexp.MustCompile("^" + stem + `(-\d+)?` + regexp.QuoteMeta(extension) + `(\.\d+|\.next)?$`)})
	}
	return func(at string) bool {
		dir, name := filepath.Split(at)
		return slices.ContainsFunc(files, func(f file) bool { return f.name.MatchString(name) && f.dir == filepath.Clean(dir) })
	}
}

// realDir returns the directory of a file without links in it.
func realDir(path string) string {
	dir := filepath.Dir(path)
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return dir
}
