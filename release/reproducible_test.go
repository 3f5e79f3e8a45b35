package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestSameBytes makes a release of this machine's system twice: in two folders of different names, by
// two clones, one with the build cache of this machine and one with none. All files are the same.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	s := made(t)
	var both [2][]sum
	source := s.Root
	for i, folder := range []string{"one", "another/further/down"} {
		clone := filepath.Join(t.TempDir(), folder)
		run1(t, "git", "clone", "--quiet", source, clone)
		source = clone // whatever is committed meanwhile
		again := exec.Command("go", "run", ".", "-only="+native(t, s).String(), "-version="+s.Version, "binaries", "sboms", "archives", "packages", "scratch", "checksums", "provenance")
		again.Dir, again.Env = filepath.Join(clone, "release"), os.Environ()
		if i == 1 {
			again.Env = append(again.Env, "GOCACHE="+filepath.Join(t.TempDir(), "cache"))
		}
		if out, err := again.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var err error
		dist := settings{Out: filepath.Join(clone, "dist")}
		if both[i], err = readChecksums(dist); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"bin/linux_" + native(t, s).Arch + "/websocketd", provenanceFile} {
			hash, err := hashOf(filepath.Join(dist.Out, name))
			if err != nil {
				t.Fatal(err)
			}
			both[i] = append(both[i], sum{name, hash})
		}
	}
	if len(both[0]) < 7 || !slices.Equal(both[0], both[1]) {
		t.Errorf("the first time\n%v\nthe second time\n%v", both[0], both[1])
	}
	t.Logf("%d files, all of them the same", len(both[0]))
}
