package shared

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
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
