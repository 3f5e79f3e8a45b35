//go:build unix

package libwebsocketd

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestCheckExecutable(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return file
	}
	write("plain", "#!/bin/sh\n", 0o644)
	write("broken", "#!/no/such/shell\n", 0o755)
	loop := filepath.Join(dir, "loop")
	write("loop", "#!"+loop+"\n", 0o755)
	for _, c := range []struct{ what, file, says string }{
		{"a script", write("ok", "#!/bin/sh\necho", 0o755), ""},
		{"an argument and blanks", write("arg", "#! /bin/sh\t-e \necho", 0o755), ""},
		{"a first line without an end", write("noend", "#!/bin/sh", 0o755), ""},
		{"env", write("env", "#!/usr/bin/env sh\n", 0o755), ""},
		{"an interpreter in the working directory", write("relative", "#!ok\n", 0o755), ""},
		{"a CR after an argument, which may be welcome", write("crarg", "#!/bin/sh -e\r\n", 0o755), ""},
		{"a first line longer than we read", write("long", "#!"+strings.Repeat("x", 300)+"\n", 0o755), ""},
		{"a binary of a format not known here", write("other", "\x00\x01\x02", 0o755), ""},
		{"a script that is its own interpreter", loop, ""},
		{"nothing", filepath.Join(dir, "nothing"), "the program does not exist"},
		{"below a file", filepath.Join(dir, "ok", "sub"), "the program does not exist"},
		{"a directory", dir, "is a directory"},
		{"no x bit", filepath.Join(dir, "plain"), "chmod +x"},
		{"an empty file", write("empty", "", 0o755), "empty"},
		{"no first line", write("text", "echo grüße\n", 0o755), "#!"},
		{"a cut character", write("cut", strings.Repeat("x", firstBytes-1)+"ü\n", 0o755), "#!"},
		{"a byte order mark", write("bom", "\ufeff#!/bin/sh\n", 0o755), "byte order mark"},
		{"CR", write("cr", "#!/bin/sh\r\necho\r\n", 0o755), "ends in CR"},
		{"CR after env's argument", write("crenv", "#!/usr/bin/env sh\r\n", 0o755), "ends in CR"},
		{"no interpreter", write("none", "#!\necho", 0o755), "names no interpreter"},
		{"an interpreter that is missing", filepath.Join(dir, "broken"), "does not exist: /no/such/shell"},
		{"an interpreter without x bit", write("notx", "#!"+filepath.Join(dir, "plain")+"\n", 0o755), "chmod +x"},
		{"an interpreter whose interpreter is missing", write("nested", "#!"+filepath.Join(dir, "broken")+"\n", 0o755), "/no/such/shell"},
	} {
		err := CheckExecutable(c.file, dir)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, expected %q", c.what, err, c.says)
		}
	}
}

// A binary for another C library names a loader that is not here.
func TestCheckExecutableLoader(t *testing.T) {
	sh, err := filepath.EvalSymlinks("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	for loader, says := range map[string]string{sh: "", "/lib64/ld-none.so.1": "/lib64/ld-none.so.1"} {
		var file bytes.Buffer
		head := elf.Header64{Version: 1, Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1, Type: uint16(elf.ET_DYN), Machine: uint16(elf.EM_X86_64)}
		copy(head.Ident[:], elf.ELFMAG+"\x02\x01\x01")
		part := elf.Prog64{Type: uint32(elf.PT_INTERP), Off: 64 + 56, Filesz: uint64(len(loader) + 1)}
		for _, v := range []any{head, part, []byte(loader + "\x00")} {
			if err := binary.Write(&file, binary.LittleEndian, v); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(t.TempDir(), "binary")
		if err := os.WriteFile(path, file.Bytes(), 0o755); err != nil {
			t.Fatal(err)
		}
		err := CheckExecutable(path, "")
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", loader, err)
		}
	}
}

// The null device stands for standard error with StderrDiscard. That it is missing
// is not the program's fault.
func TestLaunchWithoutNullDevice(t *testing.T) {
	err := fmt.Errorf("make pipes for /bin/sh: %w", &fs.PathError{Op: "open", Path: os.DevNull, Err: syscall.ENOENT})
	if refusal, why := launchRefusal(err, "/bin/sh", "", "/"); refusal.Status != 500 || !strings.Contains(refusal.Reason, "null device") || why != err.Error() {
		t.Error(refusal, why)
	}
	if refusal, why := launchRefusal(syscall.ENOENT, "/bin/sh", "/no/such/directory", "/"); refusal.Status != 500 || !strings.Contains(why, "/no/such/directory") {
		t.Error(refusal, why)
	}
}
