package static

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
)

// listing is an open directory that lists only what may be seen.
type listing struct {
	http.File
	in   site
	name string
}

// mostListed bounds a listing: every request for one makes us hold it in memory.
const mostListed = 5000

// readAtOnce bounds how much is known at a time of entries, besides what is listed.
const readAtOnce = 100

// notListed is the name of the entry that stands for all entries a listing leaves out. It
// sorts before all others.
const notListed = " only 5000 entries of this directory are listed"

// entry is as much of a fs.FileInfo as a listing shows. It is held until the client has
// taken the listing; all of a FileInfo would be several times as large.
type entry struct {
	fs.FileInfo
	name string
	dir  bool
}

// Name implements fs.FileInfo.
func (e entry) Name() string { return e.name }

// IsDir implements fs.FileInfo.
func (e entry) IsDir() bool { return e.dir }

// size returns about how much memory an entry takes.
func (e entry) size() int { return 96 + len(e.name) }

// Readdir implements http.File.
func (l listing) Readdir(count int) ([]fs.FileInfo, error) {
	if count > 0 {
		infos, err := l.File.Readdir(count)
		return l.seen(nil, infos), err
	}
	return l.readAll(func([]fs.FileInfo) error { return nil })
}

// readAll returns all entries, up to mostListed. It gives them up if afford has an error for those so far.
func (l listing) readAll(afford func(entries []fs.FileInfo) error) ([]fs.FileInfo, error) {
	var entries []fs.FileInfo
	for read := 0; read < mostListed; {
		infos, err := l.File.Readdir(min(readAtOnce, mostListed-read))
		entries = l.seen(entries, infos)
		if err := afford(entries); err != nil {
			return nil, err
		}
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return entries, err
		}
		read += len(infos)
	}
	if more, _ := l.File.Readdir(1); len(more) > 0 {
		entries = append(entries, entry{name: notListed})
	}
	return entries, nil
}

// seen appends to entries those of infos that may be seen.
func (l listing) seen(entries, infos []fs.FileInfo) []fs.FileInfo {
	for _, info := range infos {
		to, err := l.in.stat(l.name + "/" + info.Name())
		if err == nil && (to.IsDir() || to.Mode().IsRegular()) {
			entries = append(entries, entry{name: info.Name(), dir: info.IsDir()})
		}
	}
	return entries
}
