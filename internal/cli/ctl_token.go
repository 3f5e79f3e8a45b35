package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"websocketd/internal/ctl"
	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/control"
)

// token sets how the token is read: from the file of the flag, else from that of its variable,
// else from WEBSOCKETD_ADMINTOKEN. The value none of that is about a server only.
func (p *ctlParser) token(o *ctl.Options, environ []string) *refusal {
	file, by := p.Whom.Admintokenfile, "--admintokenfile"
	text := variableOf(environ, "WEBSOCKETD_ADMINTOKEN")
	if file == "" {
		file, by = variableOf(environ, "WEBSOCKETD_ADMINTOKENFILE"), "WEBSOCKETD_ADMINTOKENFILE"
	}
	switch {
	case o.Address.URL == "", o.Address.Token != "" && p.Whom.Admintokenfile == "":
		return nil // none is shown over a unix socket, and that of the URL counts
	case file != "":
		o.Address.Token = ""
		o.Token = func() (string, error) { return readAdminToken(by, file) }
		if _, err := o.Token(); err != nil {
			return ctlFault("%s", err)
		}
	case text != "" && text != noToken:
		if err := ctl.CheckToken(text); err != nil {
			return ctlFault("the variable WEBSOCKETD_ADMINTOKEN %s", err)
		}
		o.Token = func() (string, error) { return text, nil }
	}
	return nil
}

// readAdminToken returns the token in the first line of a file. No error has any of it.
func readAdminToken(by, file string) (string, error) {
	text, err := libwebsocketd.ReadRegular(file)
	if err != nil {
		return "", fmt.Errorf("%s=%s: %w", by, file, err)
	}
	line, _, _ := strings.Cut(strings.TrimPrefix(string(text), "\ufeff"), "\n")
	if line = strings.TrimSpace(line); strings.HasPrefix(line, "sha256:") {
		err = errors.New("the file has the hash of a token, which is enough for a server: name a file with the token itself")
	} else if ctl.CheckToken(line) != nil {
		err = errors.New("the first line of the file must be one token: printable ASCII without blanks and commas")
	}
	if err != nil {
		return "", fmt.Errorf("%s=%s: %w", by, file, err)
	}
	return line, nil
}

// masked returns an address without the token that it may have.
func masked(address string) string {
	before, _, found := strings.Cut(address, "#")
	if found {
		return before + "#.."
	}
	return address
}

// variableOf returns the value of a variable in environ, NAME=VALUE; "" if it has none.
func variableOf(environ []string, name string) (value string) {
	for _, v := range environ {
		if text, ok := strings.CutPrefix(v, name+"="); ok {
			value = text
		}
	}
	return value
}

// runtimeDirs returns where the sockets of servers of this user may be: where a server that was
// started as this command was has its own, where one has it that the system has started, and,
// without XDG_RUNTIME_DIR, where a login would have set it.
func runtimeDirs(environ []string) (dirs []string) {
	dir, err := control.RuntimeDir()
	if err == nil {
		dirs = append(dirs, dir)
	}
	const system = "/run/websocketd"
	if os.Geteuid() == 0 && dir != system {
		dirs = append(dirs, system)
	}
	if variableOf(environ, "XDG_RUNTIME_DIR") == "" && os.Geteuid() >= 0 {
		dirs = append(dirs, filepath.Join("/run/user", strconv.Itoa(os.Geteuid()), "websocketd"))
	}
	return dirs
}
