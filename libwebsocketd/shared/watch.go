package shared

import (
	"log/slog"
	"maps"
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

// files reports to hubs that the files of their programs have changed. It watches
// folders, because editors replace a file by another one.
type files struct {
	watcher  *fsnotify.Watcher
	done     chan struct{} // closed when run has returned
	recalled chan *watched // those whose files another server has seen

	mu      sync.Mutex
	of      map[*Hub]*watched
	folders map[string]map[*watched]bool // those that have a file there
}

// watched holds the files of a hub's program.
type watched struct {
	hub     *Hub
	seen    map[string]sight // the files, as they were last seen
	folders []string
}

// sight is what was seen of a file, by this server or another. The zero value is of none.
type sight struct {
	Time time.Time
	Size int64
	Mode os.FileMode
	info os.FileInfo // nil: another server has seen it
}

func newSight(info os.FileInfo) sight {
	return sight{Time: info.ModTime(), Size: info.Size(), Mode: info.Mode(), info: info}
}

// isOf reports whether it is of the same file with the same content, as far as the folder tells.
func (s sight) isOf(now os.FileInfo) bool {
	return (s.info == nil || os.SameFile(s.info, now)) && s.Time.Equal(now.ModTime()) && s.Size == now.Size() && s.Mode == now.Mode()
}

// watchers holds the only files of this process, while it has users. The system allows
// few watchers (inotify: 128 a user).
var watchers struct {
	mu    sync.Mutex
	users int
	files *files
}

// watch restarts the process of a hub when one of its files changes, until release is
// called. It returns nil if the system cannot watch.
func watch(h *Hub) (release func()) {
	f, letGo := watchFiles(h.Log, h.Category)
	if f == nil {
		return nil
	}
	f.add(h, h.Files)
	return func() {
		f.remove(h)
		letGo()
	}
}

// watchFiles returns the only files, and creates it for the first user. The caller must
// call release once, at the end. If the system cannot watch, watchFiles logs that and
// returns nil twice.
func watchFiles(log *slog.Logger, category string) (f *files, release func()) {
	watchers.mu.Lock()
	defer watchers.mu.Unlock()
	if watchers.users == 0 {
		watcher, err := fsnotify.NewWatcher()
		if err != nil {
			complain(log, category, "changed program files are not noticed", err)
			return nil, nil
		}
		watchers.files = &files{watcher: watcher, done: make(chan struct{}), recalled: make(chan *watched), of: map[*Hub]*watched{}, folders: map[string]map[*watched]bool{}}
		go watchers.files.run()
	}
	watchers.users++
	return watchers.files, releaseFiles
}

// releaseFiles closes the files of watchers when the last user releases it.
func releaseFiles() {
	watchers.mu.Lock()
	defer watchers.mu.Unlock()
	if watchers.users--; watchers.users == 0 {
		watchers.files.watcher.Close()
		<-watchers.files.done
		watchers.files = nil
	}
}

// run looks at the files a while after something has happened in their folders. It does
// not wait for the folder to be quiet, since other files may be written there all the
// time.
func (f *files) run() {
	defer close(f.done)
	still := time.NewTimer(quiet)
	defer still.Stop()
	stirred := map[*watched]bool{} // those whose files are to be looked at
	soon := true                   // the timer runs
	for {
		select {
		case event, open := <-f.watcher.Events:
			if !open {
				return
			}
			f.stir(stirred, event.Name)
		case <-f.watcher.Errors: // events may have been lost
			f.stirAll(stirred)
		case w := <-f.recalled:
			stirred[w] = true
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

// stir notes the hubs that have a file where something has happened: in a folder, or to
// the folder itself.
func (f *files) stir(stirred map[*watched]bool, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, folder := range []string{name, filepath.Dir(name)} {
		for w := range f.folders[folder] {
			stirred[w] = true
		}
	}
}

// stirAll notes all hubs.
func (f *files) stirAll(stirred map[*watched]bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range f.of {
		stirred[w] = true
	}
}

// FilesOf returns the files a command consists of: what is executed, and arguments that
// are files, such as an interpreter's script.
func FilesOf(command []string, dir string) []string {
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
func (f *files) add(h *Hub, names []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := &watched{hub: h, seen: map[string]sight{}}
	f.of[h] = w
	for _, name := range names {
		f.watch(w, name)
		if info, err := os.Stat(name); err == nil {
			w.seen[name] = newSight(info)
		} else {
			w.seen[name] = sight{}
		}
	}
}

// watch asks for the events of a file: in the folder of its name, and in the one where
// the file lies if the name is a link; f.mu is held.
func (f *files) watch(w *watched, name string) {
	f.watchFolder(w, filepath.Dir(name))
	if target, err := filepath.EvalSymlinks(name); err == nil {
		f.watchFolder(w, filepath.Dir(target))
	}
}

// watchFolder asks for the events of a folder. A folder that is watched already is not
// watched twice. One that was replaced since is another folder, and is watched again.
func (f *files) watchFolder(w *watched, dir string) {
	if err := f.watcher.Add(dir); err != nil {
		complain(w.hub.Log, w.hub.Category, "what changes in "+dir+" is not noticed", err)
	}
	if f.folders[dir] == nil {
		f.folders[dir] = map[*watched]bool{}
	}
	if !slices.Contains(w.folders, dir) {
		w.folders = append(w.folders, dir)
	}
	f.folders[dir][w] = true
}

// complain logs that changes are not noticed, and why.
func complain(log *slog.Logger, category, what string, err error) {
	log.Error(what+": "+err.Error(), libwebsocketd.CategoryKey, category)
}

// remove stops watching the files of a hub, and the folders where no other hub has a
// file.
func (f *files) remove(h *Hub) {
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

// lookAt looks at the files of the hubs in stirred, and restarts those whose files have
// changed. A hub that stays in stirred is to be looked at again soon: a file is still
// being written, or it is missing, and its folder may be gone too.
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
		for name, seen := range now {
			f.watch(w, name)
			w.seen[name] = seen
		}
		w.hub.change()
	}
}

// changed returns the files that have changed. busy reports whether one of them is
// still being written, missing whether a file does not exist.
func changed(seen map[string]sight) (now map[string]sight, busy, missing bool) {
	now = map[string]sight{}
	for name, before := range seen {
		info, err := os.Stat(name)
		if err != nil {
			missing = true
			continue
		}
		if before.isOf(info) {
			continue
		}
		now[name] = newSight(info)
		age := time.Since(info.ModTime())
		busy = busy || 0 <= age && age < quiet
	}
	return now, busy, missing
}

// ofHub calls do with what is watched of a hub, if anything is; f.mu is held meanwhile.
func ofHub(h *Hub, do func(f *files, w *watched)) {
	if h.release == nil {
		return
	}
	watchers.mu.Lock()
	f := watchers.files
	watchers.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	if w := f.of[h]; w != nil {
		do(f, w)
	}
}

// isStale reports whether a file of the hub has changed, which is not known to run yet: the
// process that has ended may have read half of it.
func (h *Hub) isStale() (is bool) {
	ofHub(h, func(_ *files, w *watched) {
		now, _, _ := changed(w.seen)
		is = len(now) > 0
	})
	return is
}

// sights returns what was seen of the hub's files, for another server. What has changed since counts
// as not seen.
func (h *Hub) sights() (all map[string]sight) {
	ofHub(h, func(_ *files, w *watched) {
		all = maps.Clone(w.seen)
		now, _, _ := changed(w.seen)
		for name := range now {
			all[name] = sight{}
		}
	})
	return all
}

// recall goes on with the watch of another server. What has changed since that has looked is found.
func (h *Hub) recall(from *Handed) {
	if from.Changed {
		h.Restart()
	}
	look := func() {}
	ofHub(h, func(f *files, w *watched) {
		maps.Copy(w.seen, from.Seen) // also of one that is missing just now
		look = func() { f.recalled <- w }
	})
	look() // f.run may have been waiting for f.mu
}

// change makes the hub restart its process.
func (h *Hub) change() {
	h.say(libwebsocketd.LevelAccess, "CHANGED")
	h.Restart()
}
