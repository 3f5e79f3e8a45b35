package main

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// file is a file of an archive, an image or a package; with the bits of its mode a folder, or
// a link to Path.
type file struct {
	Name string // in the archive, with slashes
	Path string // on this machine
	Mode os.FileMode
}

// documents returns what is in every archive beside the binary: the words of the
// project, and what release/ has of pages, completions and schemas.
func (s settings) documents() ([]file, error) {
	var all []file
	for _, name := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
		all = append(all, file{name, filepath.Join(s.Root, name), 0o644})
	}
	for _, folder := range []string{"man", "completions", "schema"} {
		inside, err := filesBelow(filepath.Join(s.Root, "release", folder), folder)
		if err != nil {
			return nil, err
		}
		all = append(all, inside...)
	}
	return all, nil
}

// filesBelow returns the files of a folder, in alphabetical order, named below prefix. A
// folder that is not there has none.
func filesBelow(folder, prefix string) (all []file, err error) {
	if _, err := os.Stat(folder); os.IsNotExist(err) {
		return nil, nil
	}
	err = filepath.WalkDir(folder, func(at string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(at, ".go") {
			return err
		}
		inside, err := filepath.Rel(folder, at)
		all = append(all, file{path.Join(prefix, filepath.ToSlash(inside)), at, 0o644})
		return err
	})
	slices.SortFunc(all, func(a, b file) int { return strings.Compare(a.Name, b.Name) })
	return all, err
}
