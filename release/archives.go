package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"io"
	"os"
	"path"
	"path/filepath"
	"time"
)

// writeArchives writes an archive for every target: a zip file for Windows, else a tar
// file. All files are in one folder, named as the archive.
func writeArchives(s settings) error {
	documents, err := s.documents()
	if err != nil {
		return err
	}
	for _, t := range s.Targets {
		files := append([]file{{t.executable(), s.binary(t), 0o755}}, documents...)
		write := writeTar
		if t.OS == "windows" {
			write = writeZip
		}
		for i := range files {
			files[i].Name = path.Join(s.base(t), files[i].Name)
		}
		if err := create(filepath.Join(s.Out, s.archive(t)), func(out io.Writer) error { return write(out, files, s.Date) }); err != nil {
			return err
		}
	}
	return nil
}

// archive returns the name of the target's archive.
func (s settings) archive(t target) string {
	if t.OS == "windows" {
		return s.base(t) + ".zip"
	}
	return s.base(t) + ".tar.gz"
}

// create makes a file of what write writes.
func create(name string, write func(io.Writer) error) error {
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	err = write(out)
	if closing := out.Close(); err == nil {
		err = closing
	}
	return err
}

// writeTar writes a compressed tar file. Its header has no name and no time.
func writeTar(out io.Writer, files []file, date time.Time) error {
	packed, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := writePlainTar(packed, files, date); err != nil {
		return err
	}
	return packed.Close()
}

// writePlainTar writes a tar file whose files belong to root.
func writePlainTar(out io.Writer, files []file, date time.Time) error {
	archive := tar.NewWriter(out)
	for _, f := range files {
		content, err := f.content()
		if err != nil {
			return err
		}
		if err := archive.WriteHeader(f.header(len(content), date)); err != nil {
			return err
		}
		if _, err := archive.Write(content); err != nil {
			return err
		}
	}
	return archive.Close()
}

// content returns what is in a file, nothing if it is a folder or a link.
func (f file) content() ([]byte, error) {
	if !f.Mode.IsRegular() {
		return nil, nil
	}
	return os.ReadFile(f.Path)
}

// header returns what a tar file says of a file.
func (f file) header(size int, date time.Time) *tar.Header {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Mode: int64(f.Mode.Perm()), Size: int64(size), ModTime: date}
	switch {
	case f.Mode&os.ModeSymlink != 0:
		header.Typeflag, header.Linkname = tar.TypeSymlink, f.Path
	case f.Mode.IsDir():
		header.Typeflag = tar.TypeDir
	}
	if f.Mode&os.ModeSticky != 0 {
		header.Mode |= 0o1000
	}
	return header
}

// writeZip writes a zip file.
func writeZip(out io.Writer, files []file, date time.Time) error {
	archive := zip.NewWriter(out)
	for _, f := range files {
		content, err := os.ReadFile(f.Path)
		if err != nil {
			return err
		}
		header := &zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: date}
		header.SetMode(f.Mode)
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := entry.Write(content); err != nil {
			return err
		}
	}
	return archive.Close()
}
