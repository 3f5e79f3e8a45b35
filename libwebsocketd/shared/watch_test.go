package shared

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
)

// TestOneWatcher: however many hubs are watched, there is one watcher. Each hub hears
// only of its own files. A folder in which no hub has a file any more is not watched.
func TestOneWatcher(t *testing.T) {
	log, root := slog.New(slog.DiscardHandler), t.TempDir()
	const many = 300 // more than the system has watchers for a user
	var all []*files
	var hubs []*Hub
	var releases []func()
	for i := range many {
		f, release := watchFiles(log, "shared")
		all, releases = append(all, f), append(releases, release)
		h := &Hub{HubOptions: HubOptions{Log: log}, changed: make(chan struct{}, 1)}
		hubs = append(hubs, h)
		f.add(h, []string{put(t, root, i, "one")})
	}
	if all[0] != all[many-1] {
		t.Error("there are two watchers")
	}
	put(t, root, many-1, "another")
	<-hubs[many-1].changed
	put(t, root, 0, "another")
	<-hubs[0].changed
	for i := 1; i < many-1; i++ {
		if len(hubs[i].changed) > 0 {
			t.Fatalf("hub %d is told of the files of others", i)
		}
	}
	for i, h := range hubs {
		all[i].remove(h)
	}
	if folders := all[0].watcher.WatchList(); len(folders) > 0 || len(all[0].of) > 0 || len(all[0].folders) > 0 {
		t.Errorf("still watched: %q", folders)
	}
	for _, release := range releases {
		release()
	}
	f, release := watchFiles(log, "shared")
	defer release()
	if f == all[0] {
		t.Error("the watcher goes on though it was released")
	}
}

// put writes a file into a folder of its own.
func put(t *testing.T, root string, i int, text string) string {
	t.Helper()
	dir := filepath.Join(root, fmt.Sprint(i))
	file := filepath.Join(dir, "file")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// rewrite writes a file anew.
func rewrite(t *testing.T, file string) {
	t.Helper()
	if err := os.WriteFile(file, []byte("another"), 0o600); err != nil {
		t.Error(err)
	}
}

// replace puts another file in the place of one that differs in nothing which another server is told.
func replace(t *testing.T, file string) {
	t.Helper()
	info, err := os.Stat(file)
	if err == nil {
		err = os.WriteFile(file+".new", []byte("two"), info.Mode())
	}
	if err == nil {
		err = os.Chtimes(file+".new", info.ModTime(), info.ModTime())
	}
	if err == nil {
		err = os.Rename(file+".new", file)
	}
	if err != nil {
		t.Error(err)
	}
}

// TestChangePassed: a file that changes while another server takes over restarts its process, whichever of the
// two servers could see it.
func TestChangePassed(t *testing.T) {
	type act = func(t *testing.T, h *Hub, file string)
	nothing := func(*testing.T, *Hub, string) {}
	changes := func(t *testing.T, _ *Hub, file string) { rewrite(t, file) }
	for name, test := range map[string]struct {
		before, after, late act // the old server hands over, the new one begins to watch
		restarts            bool
	}{
		"before":   {changes, nothing, nothing, true},
		"replaced": {func(t *testing.T, _ *Hub, file string) { replace(t, file) }, nothing, nothing, true},
		"after":    {nothing, changes, nothing, true},
		"missing":  {nothing, func(_ *testing.T, _ *Hub, file string) { os.Remove(file) }, changes, true},
		"asked":    {func(_ *testing.T, h *Hub, _ string) { h.Restart() }, nothing, nothing, true},
		"never":    {nothing, nothing, nothing, false},
	} {
		t.Run(name, func(t *testing.T) {
			file, other := put(t, t.TempDir(), 0, "one"), put(t, t.TempDir(), 0, "the interpreter")
			s, _ := newStageOf(t, HubOptions{Life: Lifetime{Start: StartEager}.complete(), Files: []string{other, file}})
			defer s.leaveAll()
			test.before(t, s.Hub, file)
			passed, err := libwebsocketd.NewHanded(s.snapshot())
			var from Handed
			if err == nil {
				err = passed.Decode(&from)
			}
			if err != nil {
				t.Fatal(err)
			}
			test.after(t, s.Hub, file)
			o := s.HubOptions
			o.Files = FilesOf([]string{other, file}, "")
			next := Restore(o, &from)
			defer next.leaveAll()
			next.recall(&from)
			test.late(t, s.Hub, file)
			if test.restarts {
				testkit.Within(t, testkit.Patience, "it restarts", func() { <-next.changed })
				return
			}
			select {
			case <-next.changed:
				t.Error("it restarts")
			case <-time.After(3 * quiet):
			}
		})
	}
}
