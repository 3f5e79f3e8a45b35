package shared

import (
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Tree is a directory with everything below it that is watched.
type Tree struct {
	Dir     string
	Ignore  []string            // patterns of paths relative to Dir, see ignores
	Files   []string            // single files that are not looked at
	Changed func(path string)   // called after a change, with the first path; must not block
	Log     *slog.Logger        // of what is not noticed
	Source  string              // the category of these entries
	folders map[string]struct{} // those that are watched
	full    bool                // there are more than mostFolders, and that was logged
}

const (
	// mostFolders is how many directories of one tree are watched. Linux allows a user some
	// thousands by default.
	mostFolders = 4096
	// mostQuiet bounds how long a tree that changes all the time is waited for.
	mostQuiet = 2 * time.Second
)

// trees reports changes to Trees. There is only one, while it has users: the system allows few
// watchers.
type trees struct {
	watcher *fsnotify.Watcher
	done    chan struct{} // closed when run has returned

	mu  sync.Mutex
	all map[*Tree]bool
}

// forest holds the only trees.
var forest struct {
	mu    sync.Mutex
	users int
	trees *trees
}

// Watch calls t.Changed when a file below t.Dir has changed, once for changes that come together,
// until release is called. Links are not followed. A directory that cannot be watched is logged.
func (t *Tree) Watch() (release func()) {
	forest.mu.Lock()
	defer forest.mu.Unlock()
	if forest.users == 0 {
		watcher, err := fsnotify.NewWatcher()
		if err != nil {
			complain(t.Log, t.Source, "changes below "+t.Dir+" are not noticed", err)
			return func() {}
		}
		forest.trees = &trees{watcher: watcher, done: make(chan struct{}), all: map[*Tree]bool{}}
		go forest.trees.run()
	}
	forest.users++
	f := forest.trees
	if abs, err := filepath.Abs(t.Dir); err == nil {
		t.Dir = abs
	}
	t.folders = map[string]struct{}{}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all[t] = true
	f.add(t, t.Dir)
	return func() { f.release(t) }
}

// release ends the watch over a tree. With the last one the watcher goes.
func (f *trees) release(t *Tree) {
	forest.mu.Lock()
	defer forest.mu.Unlock()
	f.mu.Lock()
	delete(f.all, t)
	for dir := range t.folders {
		if !f.isWatched(dir) {
			f.watcher.Remove(dir)
		}
	}
	f.mu.Unlock()
	if forest.users--; forest.users == 0 {
		f.watcher.Close()
		<-f.done
	}
}

// isWatched reports whether a tree has a directory; f.mu is held.
func (f *trees) isWatched(dir string) bool {
	for t := range f.all {
		if _, ok := t.folders[dir]; ok {
			return true
		}
	}
	return false
}

// add watches a directory and those below it; f.mu is held.
func (f *trees) add(t *Tree, dir string) {
	filepath.WalkDir(dir, func(at string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil && at == t.Dir:
			complain(t.Log, t.Source, "changes below "+t.Dir+" are not noticed", err)
			return nil
		case err != nil || !entry.IsDir():
			return nil
		case at != t.Dir && t.ignores(at):
			return fs.SkipDir
		case len(t.folders) >= mostFolders:
			if !t.full {
				t.full = true
				t.Log.Error("changes in some directories below "+t.Dir+" are not noticed: there are too many; ignore_watch leaves some out", "category", t.Source)
			}
			return fs.SkipAll
		}
		if err := f.watcher.Add(at); err != nil {
			complain(t.Log, t.Source, "what changes in "+at+" is not noticed", err)
			return nil
		}
		t.folders[at] = struct{}{}
		return nil
	})
}

// ignores reports whether changes of a path below Dir mean nothing: it is one of Files, or a part of
// it is hidden, a log, what an editor writes on the side, or matches a pattern of Ignore. A pattern is that
// of a name (node_modules, *.log), or of a path from Dir on (build, build/*.o, build/**).
func (t *Tree) ignores(at string) bool {
	rel, err := filepath.Rel(t.Dir, at)
	if err != nil || rel == "." {
		return false
	}
	rel = filepath.ToSlash(rel)
	if slices.Contains(t.Files, at) {
		return true
	}
	parts := strings.Split(rel, "/")
	for _, name := range parts {
		if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || name == "node_modules" || strings.HasSuffix(name, ".log") || name == "4913" { // vim's probe
			return true
		}
	}
	for _, pattern := range t.Ignore {
		pattern = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(filepath.ToSlash(pattern), "./"), "**/"), "/**")
		pattern = strings.TrimSuffix(pattern, "/")
		for n := range parts {
			if ok, _ := path.Match(pattern, strings.Join(parts[:n+1], "/")); ok {
				return true
			}
			if ok, _ := path.Match(pattern, parts[n]); ok {
				return true
			}
		}
	}
	return false
}

// run waits until a tree that has changed is quiet, and then tells it.
func (f *trees) run() {
	defer close(f.done)
	dirty := map[*Tree]*change{}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case event, open := <-f.watcher.Events:
			if !open {
				return
			}
			f.take(dirty, event)
		case <-f.watcher.Errors: // events may have been lost
			f.takeAll(dirty)
		case <-timer.C:
			f.tell(dirty)
		}
		if len(dirty) > 0 {
			timer.Reset(quiet / 3)
		}
	}
}

// change is what has changed in a tree and was not told yet.
type change struct {
	path        string
	first, last time.Time
}

// take notes an event with the trees that it is of.
func (f *trees) take(dirty map[*Tree]*change, event fsnotify.Event) {
	if event.Op == fsnotify.Chmod {
		return // also when a file is read, on some systems
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for t := range f.all {
		if _, ok := t.folders[filepath.Dir(event.Name)]; !ok || t.ignores(event.Name) {
			continue
		}
		if info, err := os.Lstat(event.Name); err == nil && info.IsDir() {
			if event.Has(fsnotify.Create) {
				f.add(t, event.Name)
			}
		} else if _, was := t.folders[event.Name]; was && err != nil {
			delete(t.folders, event.Name)
		}
		note(dirty, t, event.Name)
	}
}

// takeAll notes a change of every tree.
func (f *trees) takeAll(dirty map[*Tree]*change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for t := range f.all {
		note(dirty, t, t.Dir)
	}
}

func note(dirty map[*Tree]*change, t *Tree, at string) {
	now := time.Now()
	if c := dirty[t]; c != nil {
		c.last = now
		return
	}
	dirty[t] = &change{at, now, now}
}

// tell calls Changed of the trees that are quiet, or were waited for long enough.
func (f *trees) tell(dirty map[*Tree]*change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	for t, c := range dirty {
		if now.Sub(c.last) < quiet && now.Sub(c.first) < mostQuiet {
			continue
		}
		delete(dirty, t)
		if f.all[t] {
			t.Changed(c.path)
		}
	}
}
