package libwebsocketd

import (
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode/utf8"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/paths"
)

// executableError is why the system cannot execute a file. The system's own error is "no
// such file or directory" when it is the interpreter that does not exist, and "exec
// format error" when a script lacks its first line.
type executableError struct {
	reason string    // for strangers to read: it contains nothing about this machine
	detail string    // the value at fault, or the way out; it may be empty
	kind   gate.Kind // of the answer to a client
}

// Error returns the reason and the detail, without the file's name.
func (e *executableError) Error() string {
	if e.detail == "" {
		return e.reason
	}
	return e.reason + ": " + e.detail
}

// CheckExecutable returns why the system will not be able to execute a file, or nil if
// no reason is found. It checks the file, its mode, a script's first line and the
// interpreter named there, and the loader a binary asks for. dir is the directory the
// process will run in, "" the server's: a relative interpreter is looked up from there.
// It starts nothing. The error does not name the file.
func CheckExecutable(file, dir string) error {
	if e := checkExecutable(file, dir, mostInterpreters); e != nil {
		return e
	}
	return nil
}

// mostInterpreters is how many scripts may be each other's interpreters (Linux 4,
// others fewer).
const mostInterpreters = 4

func checkExecutable(file, dir string, interpreters int) *executableError {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return &executableError{"the program does not exist", "", gate.KindNotFound}
	case err != nil:
		return &executableError{"the program may not be read", cause(err).Error(), gate.KindNotExecutable}
	case info.IsDir():
		return &executableError{"the program is a directory", "", gate.KindNotExecutable}
	case !paths.Executable(info):
		return &executableError{"the program may not be executed", "chmod +x makes it so", gate.KindNotExecutable}
	case !info.Mode().IsRegular(): // to open a pipe would wait for its writer
		return &executableError{"the program is not a regular file", "", gate.KindNotExecutable}
	case filepath.Separator == '\\': // Windows decides by the name
		return nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil // what may be executed need not be readable
	}
	defer f.Close()
	return checkFormat(f, dir, interpreters)
}

// firstBytes is how much of a file the system reads to decide (Linux: BINPRM_BUF_SIZE).
// A longer first line is cut there.
const firstBytes = 256

func checkFormat(f *os.File, dir string, interpreters int) *executableError {
	head := make([]byte, firstBytes)
	n, err := io.ReadFull(f, head)
	head = head[:n]
	switch {
	case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF:
		return nil
	case n == 0:
		return &executableError{"the program is an empty file", "", gate.KindFailed}
	case bytes.HasPrefix(head, []byte("#!")):
		return checkFirstLine(head[2:], dir, interpreters)
	case bytes.HasPrefix(head, []byte(elf.ELFMAG)):
		return checkLoader(f)
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf#!")):
		return &executableError{"the program begins with a byte order mark, so that its first line does not count",
			"save it without one", gate.KindFailed}
	case isText(head):
		return &executableError{"the program is a text whose first line does not begin with #!",
			"write #!/bin/sh, #!/usr/bin/env python3 or the like at its top", gate.KindFailed}
	}
	return nil // the system may know more formats than we do
}

// isText reports whether head is the beginning of a text: valid UTF-8, but for a
// character cut at the end, without control characters. Further formats that a system
// may know (binfmt_misc) are recognized by bytes that are no text.
func isText(head []byte) bool {
	for len(head) > 0 {
		r, size := utf8.DecodeRune(head)
		if r == utf8.RuneError && size == 1 && utf8.FullRune(head) || r < ' ' && !strings.ContainsRune("\t\n\r\f\x1b", r) {
			return false
		}
		head = head[size:]
	}
	return true
}

// checkFirstLine checks what comes after #!: blanks, an interpreter and perhaps an
// argument. A CR before the line's end is part of them, though no editor shows it.
func checkFirstLine(line []byte, dir string, interpreters int) *executableError {
	line, _, whole := bytes.Cut(line, []byte("\n"))
	interpreter, argument, hasArgument := strings.Cut(strings.ReplaceAll(strings.Trim(string(line), " \t"), "\t", " "), " ")
	if !whole && !hasArgument && len(line) == firstBytes-len("#!") {
		return nil // systems differ in how much of it they read
	}
	file := interpreter
	if dir != "" && !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	_, err := os.Stat(file)
	forEnv := filepath.Base(interpreter) == "env" && strings.HasSuffix(argument, "\r")
	switch {
	case interpreter == "" || interpreter == "\r":
		return &executableError{"the program's first line names no interpreter", "write #!/bin/sh or the like", gate.KindFailed}
	case forEnv, err != nil && strings.HasSuffix(interpreter, "\r"):
		return &executableError{"the program's first line ends in CR, which counts as part of the interpreter's name",
			"save the file with Unix line ends (dos2unix)", gate.KindFailed}
	case errors.Is(err, os.ErrNotExist):
		return &executableError{"the interpreter named in the program's first line does not exist", interpreter, gate.KindFailed}
	case interpreters == 0:
		return nil
	}
	if e := checkExecutable(file, dir, interpreters-1); e != nil {
		return &executableError{"the interpreter named in the program's first line cannot be executed",
			interpreter + ": " + e.Error(), gate.KindFailed}
	}
	return nil
}

// checkLoader checks that the loader exists that a dynamically linked binary asks for
// (PT_INTERP). A binary for another C library than this system's asks for another one.
func checkLoader(f *os.File) *executableError {
	binary, err := elf.NewFile(f)
	if err != nil {
		return nil
	}
	for _, part := range binary.Progs {
		if part.Type != elf.PT_INTERP {
			continue
		}
		name := make([]byte, min(part.Filesz, 4096))
		if _, err := part.ReadAt(name, 0); err != nil {
			return nil
		}
		loader := strings.TrimRight(string(name), "\x00")
		if _, err := os.Stat(loader); errors.Is(err, os.ErrNotExist) {
			return &executableError{"the program was built for another system: the loader it asks for does not exist",
				loader, gate.KindFailed}
		}
	}
	return nil
}

// cause returns the error of a system call without the path of the file.
func cause(err error) error {
	if at := (*os.PathError)(nil); errors.As(err, &at) {
		return at.Err
	}
	return err
}
