package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
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

// TestPackagesKnowNoHour packs the same twice, the second time with scripts that have just been touched.
func TestPackagesKnowNoHour(t *testing.T) {
	t.Parallel()
	s := made(t)
	s.Targets = []target{native(t, s)}
	clone := filepath.Join(t.TempDir(), "source")
	run1(t, "git", "clone", "--quiet", s.Root, clone)
	s.Root = clone
	var both [2][]sum
	for i, age := range []time.Duration{time.Hour, 0} {
		s.Out = t.TempDir()
		if err := os.MkdirAll(filepath.Dir(s.binary(s.Targets[0])), 0o755); err != nil {
			t.Fatal(err)
		}
		put(t, s.binary(s.Targets[0]), "a binary")
		touch(t, filepath.Join(clone, "release"), time.Now().Add(-age))
		if err := writePackages(s); err != nil {
			t.Fatal(err)
		}
		if err := writeChecksums(s); err != nil {
			t.Fatal(err)
		}
		var err error
		if both[i], err = readChecksums(s); err != nil {
			t.Fatal(err)
		}
	}
	if len(both[0]) != len(packagers) || !slices.Equal(both[0], both[1]) {
		t.Errorf("an hour ago\n%v\nnow\n%v", both[0], both[1])
	}
}

// touch gives all files below a folder a time.
func touch(t *testing.T, folder string, date time.Time) {
	t.Helper()
	err := filepath.WalkDir(folder, func(at string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(at, date, date)
	})
	if err != nil {
		t.Fatal(err)
	}
}
