package manager

import (
	"path/filepath"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/shared"
)

// watch restarts the instances when a file below the program's directory changes, until the service
// is another's, or the server goes away.
func (s *service) watch() {
	dir := s.runtime.Program().WorkDir
	if dir == "" {
		dir = "."
	}
	tree := &shared.Tree{
		Dir: dir, Ignore: append(s.app.IgnoreWatch, s.rotated()...), Files: s.ownFiles(),
		Changed: s.changed, Log: s.runtime.Log(), Source: category,
	}
	release := tree.Watch()
	defer release()
	select {
	case <-s.retired:
	case <-s.runtime.Context().Done():
	}
}

// changed restarts every instance that runs, and starts those that are errored.
func (s *service) changed(path string) {
	s.say(libwebsocketd.LevelAccess, "CHANGED", "file", path)
	for _, i := range s.list() {
		if !i.again() && i.info().Status == Errored {
			i.begin()
		}
	}
}

// ownFiles returns the files that the program's processes write by way of the server.
func (s *service) ownFiles() (files []string) {
	for index := range max(len(s.list()), s.app.Instances) {
		for _, path := range []string{s.app.OutFile, s.app.ErrorFile, s.app.LogFile, s.app.PidFile} {
			for _, instances := range []int{1, 2} {
				if abs, err := filepath.Abs(fileOf(path, index, instances)); path != "" && err == nil {
					files = append(files, abs)
				}
			}
		}
	}
	return files
}

// rotated returns patterns of the names that the files get.
func (s *service) rotated() (patterns []string) {
	for _, path := range s.ownFiles() {
		patterns = append(patterns, filepath.Base(path)+".[0-9]*", filepath.Base(path)+".next")
	}
	return patterns
}
