package shared

import (
	"cmp"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Tree is a directory with everything below it that is watched.
type Tree struct {
	Dir     string               // must stay; may be a link
	Ignore  []string             // patterns of paths relative to Dir, see ignores
	Own     func(at string) bool // reports single files that are not looked at; nil: there are none
	Changed func(path string)    // called after a change, with the first path; must not block
	Log     *slog.Logger         // of what is not noticed
	Source  string               // the category of these entries

	most    int                 // folders; 0 is mostFolders
	folders map[string]struct{} // those that are watched
	told    bool                // that some are not, which was logged
}

const (
	// mostFolders is how many directories of one tree are watched. Linux allows a user some
	// thousands by default.
	mostFolders = 4096
	// mostQuiet bounds how long a tree that changes all the time is waited for.
	mostQuiet = 2 * time.Second
)

var errTooMany = errors.New("there are too many directories; ignore_watch leaves some out")

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
// until release is called. Links below it are not followed. What cannot be watched is logged, once.
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
	if real, err := filepath.EvalSymlinks(t.Dir); err == nil {
		t.Dir = real
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
			t.complain("changes below "+t.Dir+" are not noticed", err)
			return nil
		case err != nil || !entry.IsDir():
			return nil
		case at != t.Dir && t.ignores(at):
			return fs.SkipDir
		case len(t.folders) >= cmp.Or(t.most, mostFolders):
			t.complain("changes in "+at+" and others are not noticed", errTooMany)
			return fs.SkipAll
		}
		switch err := f.watcher.Add(at); {
		case errors.Is(err, syscall.ENOSPC): // of inotify: see fs.inotify.max_user_watches
			t.complain("changes in "+at+" and others are not noticed", errTooMany)
			return fs.SkipAll
		case err != nil:
			t.complain("changes in "+at+" are not noticed", err)
		default:
			t.folders[at] = struct{}{}
		}
		return nil
	})
}

// forget stops watching a directory that is gone, with those below it; f.mu is held.
func (f *trees) forget(t *Tree, dir string) {
	for at := range t.folders {
		if at != dir && !strings.HasPrefix(at, dir+string(filepath.Separator)) {
			continue
		}
		delete(t.folders, at)
		if !f.isWatched(at) {
			f.watcher.Remove(at)
		}
	}
}

// complain logs the first thing that is not noticed.
func (t *Tree) complain(what string, err error) {
	if !t.told {
		t.told = true
		complain(t.Log, t.Source, what, err)
	}
}

// ignores reports whether changes of a path below Dir mean nothing: it is one of Own, or a part of it
// is aside, or matches a pattern of Ignore. A pattern is that of a name (dist, *.tmp), or of a path from
// Dir on (build, build/*.o, build/**).
func (t *Tree) ignores(at string) bool {
	rel, err := filepath.Rel(t.Dir, at)
	if err != nil || rel == "." {
		return false
	}
	rel = filepath.ToSlash(rel)
	if t.Own != nil && t.Own(at) {
		return true
	}
	parts := strings.Split(rel, "/")
	if slices.ContainsFunc(parts, isAside) {
		return true
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

// isAside reports whether files or directories of that name are hidden, logs, what others have written,
// or what an editor writes besides the file.
func isAside(name string) bool {
	const probe = "4913" // which vim writes
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || strings.HasSuffix(name, ".log") ||
		name == "node_modules" || name == probe
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
			select {
			case event, open := <-f.watcher.Events: // this goroutine was late, the tree is not quiet
				if !open {
					return
				}
				f.take(dirty, event)
			default:
				f.tell(dirty)
			}
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
		} else if err != nil {
			f.forget(t, event.Name)
		}
		note(dirty, t, event.Name)
	}
}

// takeAll notes a change of every tree, and looks for directories that are new.
func (f *trees) takeAll(dirty map[*Tree]*change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for t := range f.all {
		f.add(t, t.Dir)
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
