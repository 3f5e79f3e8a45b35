package shared

import (
	"context"
	"log/slog"
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
	log     *slog.Logger

	mu sync.Mutex
	of map[*hub]map[string]os.FileInfo // as they were last seen
}

// watchFiles begins to watch, until ctx is done. Without the system's help it says
// so and watches nothing.
func watchFiles(ctx context.Context, host *libwebsocketd.Host) *files {
	f := &files{log: host.Log(), of: map[*hub]map[string]os.FileInfo{}}
	var err error
	if f.watcher, err = fsnotify.NewWatcher(); err != nil {
		f.complain("changed program files are not noticed", err)
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
		f.watch(name)
		seen[name], _ = os.Stat(name)
	}
	f.of[h] = seen
}

// watch makes what happens to a file an event, wherever it is now. A folder that is
// watched already is not watched twice; one that was replaced is another.
func (f *files) watch(name string) {
	f.watchFolder(filepath.Dir(name))
	if target, err := filepath.EvalSymlinks(name); err == nil {
		f.watchFolder(filepath.Dir(target))
	}
}

func (f *files) watchFolder(dir string) {
	if err := f.watcher.Add(dir); err != nil {
		f.complain("what changes in "+dir+" is not noticed", err)
	}
}

func (f *files) complain(what string, err error) {
	f.log.Error(what+": "+err.Error(), libwebsocketd.CategoryKey, "shared")
}

func (f *files) remove(h *hub) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.of, h)
}

// lookAtAll tells the hubs whose files have changed. It is to be called again soon if
// one is still being written, or missing: its folder may be gone, too.
func (f *files) lookAtAll() (again bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for h, seen := range f.of {
		now, busy, missing := changed(seen)
		again = again || busy || missing
		if len(now) == 0 || busy {
			continue
		}
		for name, info := range now {
			f.watch(name)
			seen[name] = info
		}
		h.change()
	}
	return again
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
