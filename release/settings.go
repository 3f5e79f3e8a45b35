package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Name is the name of the command, and of its packages.
const Name = "websocketd"

// defaultURL is a name that RFC 2606 keeps free: who publishes says where.
const defaultURL = "https://websocketd.example/releases"

// defaultVersion is before every other, for dpkg, rpm and apk alike.
const defaultVersion = "0.0.0-git"

// defaultMaintainer is nobody, for the same reason.
const defaultMaintainer = "The websocketd authors <maintainer@websocketd.example>"

// settings say what is released, and from where to where.
type settings struct {
	Version                       string    // without v: 1.2.3, 1.2.3-rc.1
	Commit                        string    // "" outside a checkout
	Date                          time.Time // of the source, in UTC; no file is younger
	URL                           string    // of the folder with all files of this version, without a slash at its end
	Homepage, Maintainer, Builder string
	SignKey                       string // file; "" signs nothing

	Out     string // absolute
	Root    string // absolute
	Only    string // targets, "" is all
	Targets []target
}

// complete returns settings in which what nobody has set is that of the checkout.
func (s settings) complete() (settings, error) {
	var err error
	if s.Out, err = filepath.Abs(s.Out); err != nil {
		return s, err
	}
	if s.Root, err = filepath.Abs(s.Root); err != nil {
		return s, err
	}
	if s.Targets, err = chosen(s.Only); err != nil {
		return s, err
	}
	s.Commit = s.git("rev-parse", "HEAD")
	s.Version = strings.TrimPrefix(cmp.Or(s.Version, s.git("describe", "--tags", "--match=v[0-9]*"), defaultVersion), "v")
	s.URL = strings.TrimSuffix(s.URL, "/") + "/v" + s.Version
	s.Date, err = sourceDate(cmp.Or(os.Getenv("SOURCE_DATE_EPOCH"), s.git("log", "-1", "--format=%ct")))
	return s, err
}

// epoch returns the time of the source as SOURCE_DATE_EPOCH has it.
func (s settings) epoch() string { return strconv.FormatInt(s.Date.Unix(), 10) }

// git returns what a git command prints in the source, "" if it fails: an unpacked
// archive is no checkout.
func (s settings) git(args ...string) string {
	out, err := exec.Command("git", append([]string{"-C", s.Root}, args...)...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// sourceDate reads a time as SOURCE_DATE_EPOCH has it, in seconds since 1970.
func sourceDate(epoch string) (time.Time, error) {
	if epoch == "" {
		return time.Time{}, errors.New("no checkout, and no SOURCE_DATE_EPOCH: set it to the time of the source, in seconds since 1970")
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH=%q: must be a number of seconds since 1970", epoch)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
