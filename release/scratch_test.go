package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// scratchRoot returns a folder with a small Debian in it, in which packages can be installed for
// real. It is made once, and copied for each test.
func scratchRoot(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("skip: needs root: only root may install packages, also in a folder")
	}
	tool := need(t, "debootstrap")
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(cache, "websocketd-release", "bookworm")
	if _, err := os.Stat(kept); err != nil {
		unfinished := kept + ".new"
		if err := os.RemoveAll(unfinished); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(unfinished, 0o755); err != nil {
			t.Fatal(err)
		}
		run1(t, tool, "--variant=minbase", "bookworm", unfinished)
		if err := os.Rename(unfinished, kept); err != nil {
			t.Fatal(err)
		}
	}
	root := filepath.Join(t.TempDir(), "root")
	run1(t, "cp", "--archive", "--reflink=auto", kept, root)
	return root
}

// withProc mounts what a server in a root needs of the system, until the test ends.
func withProc(t *testing.T, root string) {
	t.Helper()
	proc := filepath.Join(root, "proc")
	run1(t, "mount", "--bind", "/proc", proc)
	t.Cleanup(func() {
		if out, err := exec.Command("umount", proc).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
}

// kept are the files of dpkg and of the tools for users, whose own records are no trace of a package.
var kept = []string{"var/lib/dpkg/", "var/log/", "var/cache/", "proc/", "etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-"}

// files returns the names of all files in a root, with what is in those of /etc.
func files(t *testing.T, root string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(root, func(at string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, at)
		if err != nil {
			return err
		}
		for _, prefix := range kept {
			if strings.HasPrefix(name+"/", prefix) && name+"/" != prefix || strings.HasPrefix(name, prefix) {
				if entry.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
		}
		all[name] = ""
		if strings.HasPrefix(name, "etc/") && entry.Type().IsRegular() {
			content, err := os.ReadFile(at)
			if err != nil {
				return err
			}
			all[name] = string(content)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// sameFiles compares a root with what it was.
func sameFiles(t *testing.T, before, after map[string]string) {
	t.Helper()
	for name, content := range after {
		if was, ok := before[name]; !ok {
			t.Errorf("/%s is left", name)
		} else if was != content {
			t.Errorf("/%s has become\n%s\nit was\n%s", name, content, was)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			t.Errorf("/%s has gone", name)
		}
	}
}
