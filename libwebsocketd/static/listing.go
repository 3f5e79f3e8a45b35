package static

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"slices"
)

// listing is an open directory that lists only what may be seen.
type listing struct {
	http.File
	in   site
	name string
}

// mostListed bounds a listing: every request for one makes us hold it in memory.
const mostListed = 5000

// notListed is the entry of a listing for all entries it leaves out.
type notListed struct{ fs.FileInfo }

// Name implements fs.FileInfo. It sorts before all others.
func (notListed) Name() string { return " only 5000 entries of this directory are listed" }

// IsDir implements fs.FileInfo.
func (notListed) IsDir() bool { return false }

// Readdir implements http.File.
func (l listing) Readdir(count int) ([]fs.FileInfo, error) {
	if count > 0 {
		return l.seen(l.File.Readdir(count))
	}
	infos, err := l.File.Readdir(mostListed + 1)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	more := len(infos) > mostListed
	infos, err = l.seen(infos[:min(len(infos), mostListed)], err)
	if more {
		infos = append(infos, notListed{})
	}
	return infos, err
}

// seen returns infos without what may not be seen.
func (l listing) seen(infos []fs.FileInfo, err error) ([]fs.FileInfo, error) {
	return slices.DeleteFunc(infos, func(info fs.FileInfo) bool {
		seen, err := l.in.stat(l.name + "/" + info.Name())
		return err != nil || !seen.IsDir() && !seen.Mode().IsRegular()
	}), err
}
