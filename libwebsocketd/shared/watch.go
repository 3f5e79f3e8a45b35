package shared

import (
	"context"
	"maps"
	"os"
	"path/filepath"
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

// run looks at the files a while after something has happened in their folders: that
// others are written there all the time does not keep it from looking.
func (f *files) run(ctx context.Context) {
	defer f.watcher.Close()
	still := time.NewTimer(quiet)
	defer still.Stop()
	soon := true
	for {
		select {
		case <-f.watcher.Events:
		case <-f.watcher.Errors: // something was missed, perhaps
		case <-still.C:
			if soon = f.lookAtAll(); !soon {
				continue
			}
			still.Reset(quiet)
		case <-ctx.Done():
			return
		}
		if !soon {
			soon = true
			still.Reset(quiet)
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

// lookAtAll tells the hubs whose files have changed. It is to be called again soon if
// one is still being written.
func (f *files) lookAtAll() (again bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for h, seen := range f.of {
		now, busy := changed(seen)
		again = again || busy
		if len(now) > 0 && !busy {
			maps.Copy(seen, now)
			h.change()
		}
	}
	return again
}

// changed are the files that are others now, and whether one of them is still being
// written. One that is missing is waited for.
func changed(seen map[string]os.FileInfo) (now map[string]os.FileInfo, busy bool) {
	for name, before := range seen {
		info, err := os.Stat(name)
		if err != nil || before != nil && same(before, info) {
			continue
		}
		if now == nil {
			now = map[string]os.FileInfo{}
		}
		now[name] = info
		age := time.Since(info.ModTime())
		busy = busy || 0 <= age && age < quiet
	}
	return now, busy
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
