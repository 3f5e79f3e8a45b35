package shared

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"websocketd/libwebsocketd"
)

// quiet is how long nothing must happen to a file before it counts as changed: an
// editor writes it in several steps.
const quiet = 150 * time.Millisecond

// files tells hubs that their programs have changed. What is watched are folders:
// editors put another file in the place of the one before.
type files struct {
	watcher *fsnotify.Watcher

	mu      sync.Mutex
	of      map[*hub]map[string]os.FileInfo // as they were last seen
	folders map[string]bool
}

// watchFiles begins to watch, until ctx is done. Without the system's help it says
// so and watches nothing.
func watchFiles(ctx context.Context, host *libwebsocketd.Host) *files {
	f := &files{of: map[*hub]map[string]os.FileInfo{}, folders: map[string]bool{}}
	var err error
	if f.watcher, err = fsnotify.NewWatcher(); err != nil {
		host.Log().Error("changed program files are not noticed: "+err.Error(), libwebsocketd.CategoryKey, "shared")
		return nil
	}
	host.Go(func() { f.run(ctx) })
	return f
}

// run looks at the files when something has happened in their folders and then
// nothing for a while.
func (f *files) run(ctx context.Context) {
	defer f.watcher.Close()
	still := time.NewTimer(quiet)
	defer still.Stop()
	for {
		select {
		case <-f.watcher.Events:
			still.Reset(quiet)
		case <-f.watcher.Errors: // something was missed, perhaps
			still.Reset(quiet)
		case <-still.C:
			f.lookAtAll()
		case <-ctx.Done():
			return
		}
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
	seen := map[string]os.FileInfo{}
	for _, name := range names {
		seen[name], _ = os.Stat(name)
		f.watch(filepath.Dir(name))
		if target, err := filepath.EvalSymlinks(name); err == nil {
			f.watch(filepath.Dir(target))
		}
	}
	f.of[h] = seen
}

func (f *files) watch(folder string) {
	if !f.folders[folder] && f.watcher.Add(folder) == nil {
		f.folders[folder] = true
	}
}

func (f *files) remove(h *hub) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.of, h)
}

func (f *files) lookAtAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for h, seen := range f.of {
		if changed(seen) {
			h.change()
		}
	}
}

// changed reports whether one of the files is another now. One that is missing is
// waited for.
func changed(seen map[string]os.FileInfo) (any bool) {
	for name, before := range seen {
		now, err := os.Stat(name)
		if err != nil || before != nil && same(before, now) {
			continue
		}
		seen[name], any = now, true
	}
	return any
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
