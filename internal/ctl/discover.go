package ctl

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// dialTime is how long a server of this machine may take to accept a connection.
const dialTime = 5 * time.Second

// socket is the socket of a server.
type socket struct {
	path string
	made time.Time
}

// located is the server that was found, and which others there are, the newest first.
type located struct {
	socket socket
	others []socket
}

// mostNamed is how many others are named.
const mostNamed = 5

// String says which server is asked where there are several, and how to ask another.
func (l located) String() string {
	var named []string
	for _, s := range l.others[:min(len(l.others), mostNamed)] {
		named = append(named, "--admin="+s.String())
	}
	if more := len(l.others) - len(named); more > 0 {
		named = append(named, fmt.Sprintf("or one of %d more in %s", more, filepath.Dir(l.socket.path)))
	}
	return fmt.Sprintf("%d servers of this user run, and this is the newest one, %s; for another write %s", len(l.others)+1, l.socket, strings.Join(named, ", "))
}

// String returns the socket as an address, and the process that its name is made of.
func (s socket) String() string {
	return fmt.Sprintf("%s (pid %s)", unixPrefix+s.path, strings.TrimSuffix(filepath.Base(s.path), ".sock"))
}

// newest returns the newest server that listens on a socket of this user, in the first of dirs
// that has one. After old, if it is not nil, it is that one or one that came later.
func newest(dirs []string, old *socket) (found located, err error) {
	var unusable error
	for _, dir := range dirs {
		all, err := sockets(dir)
		unusable = cmp.Or(unusable, err)
		for _, s := range all {
			switch {
			case old != nil && s.path != old.path && !s.made.After(old.made), !listens(s.path):
			case found.socket.path == "":
				found.socket = s
			default:
				found.others = append(found.others, s)
			}
		}
		if found.socket.path != "" {
			return found, nil
		}
	}
	return found, absent(dirs, unusable)
}

// absent returns the error that there is no server, and what to do.
func absent(dirs []string, unusable error) error {
	sentence := "no server of this user has a management listener: start one with --admin, as in websocketd --admin --port=8080 COMMAND, or name one by --admin=ADDR"
	if unusable != nil {
		return fmt.Errorf("%s; %w", sentence, unusable)
	}
	if len(dirs) > 0 {
		sentence += "; there is none in " + strings.Join(dirs, " and ")
	}
	return errors.New(sentence)
}

// sockets returns the sockets in a directory that nobody else can write to, the newest first, or
// why a directory that is there is not used.
func sockets(dir string) (all []socket, unusable error) {
	info, err := os.Lstat(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = checkDir(dir, info)
	}
	if err != nil {
		return nil, err
	}
	all = socketsOf(dir)
	slices.SortFunc(all, func(a, b socket) int { return b.made.Compare(a.made) })
	return all, nil
}

// socketsOf returns the sockets of this user in a directory.
func socketsOf(dir string) (all []socket) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		info, err := e.Info() // of a symbolic link it is that of the link
		if err == nil && info.Mode()&os.ModeSocket != 0 && strings.HasSuffix(e.Name(), ".sock") && isOwn(info) {
			all = append(all, socket{filepath.Join(dir, e.Name()), info.ModTime()})
		}
	}
	return all
}

// checkDir returns an error if somebody else could put a socket into a directory.
func checkDir(dir string, info os.FileInfo) error {
	switch {
	case !info.IsDir():
		return fmt.Errorf("%s is no directory, and is not used", dir)
	case !isOwn(info):
		return fmt.Errorf("%s belongs to another user, and is not used", dir)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s is open to other users, and is not used: it must have mode 0700", dir)
	}
	return nil
}

// listens reports whether a server listens on a socket.
func listens(path string) bool {
	conn, err := net.DialTimeout("unix", path, dialTime)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
