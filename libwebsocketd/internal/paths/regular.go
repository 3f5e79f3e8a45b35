package paths

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// errIrregular is the cause when a configuration or a certificate is no regular file.
var errIrregular = errors.New("is not a regular file")

// Cause returns the error of a file without its path, which the caller adds.
func Cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// ReadRegular returns the content of a regular file. It does not read from a pipe or a
// device, which could block for ever; O_NONBLOCK keeps the open of one from blocking.
// Like every read it may block on a file system that does not answer.
func ReadRegular(name string) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, &os.PathError{Op: "read", Path: name, Err: syscall.EISDIR}
	case !info.Mode().IsRegular():
		return nil, &os.PathError{Op: "read", Path: name, Err: errIrregular}
	}
	return io.ReadAll(f)
}
