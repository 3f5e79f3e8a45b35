package paths

import (
	"io/fs"
	"os"
	"path/filepath"
)

// Stamp shows whether a file has changed, or is another one. Links are followed:
// Kubernetes and certbot swap them. The zero value is that of a file that is not there.
type Stamp struct{ fs.FileInfo }

// StampOf returns the stamp of a file.
func StampOf(name string) Stamp {
	info, err := os.Stat(name)
	if err != nil {
		return Stamp{}
	}
	return Stamp{info}
}

// Same reports whether two stamps are of the same file, unchanged.
func (s Stamp) Same(t Stamp) bool {
	if s.FileInfo == nil || t.FileInfo == nil {
		return s.FileInfo == nil && t.FileInfo == nil
	}
	return os.SameFile(s.FileInfo, t.FileInfo) && s.Size() == t.Size() && s.ModTime().Equal(t.ModTime())
}

// OpenToOthers reports whether users other than the owner of a file may read it. On
// Windows the mode does not tell.
func (s Stamp) OpenToOthers() bool {
	return s.FileInfo != nil && filepath.Separator == '/' && s.Mode()&0o044 != 0
}
