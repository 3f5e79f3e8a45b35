package shared

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"websocketd/libwebsocketd"
)

// quiet is how long a file must not be written to before it counts as changed: an
// editor writes it in several steps.
const quiet = 150 * time.Millisecond

// files tells hubs that their programs have changed. What is watched are folders:
// editors put another file in the place of the one before.
type files struct {
	watcher *fsnotify.Watcher
	done    chan struct{} // closed when run has returned

	mu      sync.Mutex
	of      map[*hub]*watched
	folders map[string]map[*watched]bool // who has a file there
}

// watched is what a hub's program is made of.
type watched struct {
	hub     *hub
	seen    map[string]os.FileInfo // the files, as they were last seen
	folders []string
}

// watchers is the one files of this process, while anybody watches: the system has few
// of what it takes (inotify: 128 a user).
var watchers struct {
	mu    sync.Mutex
	users int
	files *files
}

// watchFiles is the one files there is; release is to be called at the end, once.
// Without the system's help it says so and nothing is watched.
func watchFiles(log *slog.Logger) (f *files, release func()) {
	watchers.mu.Lock()
	defer watchers.mu.Unlock()
	if watchers.users == 0 {
		watcher, err := fsnotify.NewWatcher()
		if err != nil {
			complain(log, "changed program files are not noticed", err)
			return nil, func() {}
		}
		watchers.files = &files{watcher: watcher, done: make(chan struct{}), of: map[*hub]*watched{}, folders: map[string]map[*watched]bool{}}
		go watchers.files.run()
	}
	watchers.users++
	return watchers.files, releaseFiles
}

// releaseFiles ends what the last user of it releases.
func releaseFiles() {
	watchers.mu.Lock()
	defer watchers.mu.Unlock()
	if watchers.users--; watchers.users == 0 {
		watchers.files.watcher.Close()
		<-watchers.files.done
	}
}

// run looks at the files a while after something has happened in their folders: that
// others are written there all the time does not keep it from looking.
func (f *files) run() {
	defer close(f.done)
	still := time.NewTimer(quiet)
	defer still.Stop()
	stirred := map[*watched]bool{} // whose files are to be looked at
	soon := true
	for {
		select {
		case event, open := <-f.watcher.Events:
			if !open {
				return
			}
			f.stir(stirred, event.Name)
		case <-f.watcher.Errors: // something was missed, perhaps
			f.stirAll(stirred)
		case <-still.C:
			f.lookAt(stirred)
			soon = false
		}
		if !soon && len(stirred) > 0 {
			soon = true
			still.Reset(quiet)
		}
	}
}

// stir notes who has a file where something has happened: in a folder, or to it.
func (f *files) stir(stirred map[*watched]bool, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, folder := range []string{name, filepath.Dir(name)} {
		for w := range f.folders[folder] {
			stirred[w] = true
		}
	}
}

func (f *files) stirAll(stirred map[*watched]bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range f.of {
		stirred[w] = true
	}
}

// filesOf are the files a command is made of: what is executed, and arguments that
// are files, as an interpreter's are.
func filesOf(command []string, dir string) []string {
	var found []string
	for i, arg := range command {
		if dir != "" && !filepath.IsAbs(arg) && i > 0 {
			arg = filepath.Join(dir, arg)
		}
		info, err := os.Stat(arg)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if abs, err := filepath.Abs(arg); err == nil {
			found = append(found, abs)
		}
	}
	return found
}

// add watches the files of a hub.
func (f *files) add(h *hub, names []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := &watched{hub: h, seen: map[string]os.FileInfo{}}
	f.of[h] = w
	for _, name := range names {
		f.watch(w, name)
		w.seen[name], _ = os.Stat(name)
	}
}

// watch makes what happens to a file an event, wherever it is now. f.mu is held.
func (f *files) watch(w *watched, name string) {
	f.watchFolder(w, filepath.Dir(name))
	if target, err := filepath.EvalSymlinks(name); err == nil {
		f.watchFolder(w, filepath.Dir(target))
	}
}

// watchFolder asks for a folder's events. One that is watched already is not watched
// twice; one that was replaced is another.
func (f *files) watchFolder(w *watched, dir string) {
	if err := f.watcher.Add(dir); err != nil {
		complain(w.hub.log, "what changes in "+dir+" is not noticed", err)
	}
	if f.folders[dir] == nil {
		f.folders[dir] = map[*watched]bool{}
	}
	if !slices.Contains(w.folders, dir) {
		w.folders = append(w.folders, dir)
	}
	f.folders[dir][w] = true
}

func complain(log *slog.Logger, what string, err error) {
	log.Error(what+": "+err.Error(), libwebsocketd.CategoryKey, "shared")
}

// remove watches a hub's files no longer, nor a folder that is nobody else's.
func (f *files) remove(h *hub) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.of[h]
	if w == nil {
		return
	}
	delete(f.of, h)
	for _, dir := range w.folders {
		if delete(f.folders[dir], w); len(f.folders[dir]) == 0 {
			delete(f.folders, dir)
			f.watcher.Remove(dir)
		}
	}
}

// lookAt tells the hubs whose files have changed. Who is left in stirred is to be
// looked at again soon: a file is still being written, or missing, and its folder may
// be gone, too.
func (f *files) lookAt(stirred map[*watched]bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for w := range stirred {
		if f.of[w.hub] != w {
			delete(stirred, w)
			continue
		}
		now, busy, missing := changed(w.seen)
		if !busy && !missing {
			delete(stirred, w)
		}
		if len(now) == 0 || busy {
			continue
		}
		for name, info := range now {
			f.watch(w, name)
			w.seen[name] = info
		}
		w.hub.change()
	}
}

// changed are the files that are others now, and whether one of them is still being
// written, and one missing.
func changed(seen map[string]os.FileInfo) (now map[string]os.FileInfo, busy, missing bool) {
	now = map[string]os.FileInfo{}
	for name, before := range seen {
		info, err := os.Stat(name)
		if err != nil {
			missing = true
			continue
		}
		if before != nil && same(before, info) {
			continue
		}
		now[name] = info
		age := time.Since(info.ModTime())
		busy = busy || 0 <= age && age < quiet
	}
	return now, busy, missing
}

func same(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size() && a.Mode() == b.Mode()
}

// change makes the hub start its process anew.
func (h *hub) change() {
	h.say(libwebsocketd.LevelAccess, "CHANGED")
	select {
	case h.changed <- struct{}{}:
	default:
	}
}
