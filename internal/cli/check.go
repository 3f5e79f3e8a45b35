package cli

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/credential"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/manager"
	"websocketd/libwebsocketd/session"
)

// options is the result of all layers of settings: what to serve and how.
type options struct {
	grammar
	parser  *parser  // that parsed the grammar
	command []string // COMMAND, looked up, and its arguments
	hint    string   // what COMMAND may have been meant as; "": COMMAND
	headers struct{ all, ws, http http.Header }
	layers  [][]setting // the settings by source: the arguments, the environment, the file
	file    *configFile // empty without --config

	programs []libwebsocketd.Program // those of the file
	app      *manager.App            // of options of one supervised program
	sessions *session.Registry       // of all programs; nil: each has its own

	credentials *credentials
	adminToken  *credential.Operator // nil: none is needed
	madeToken   string               // that token, if it was made here
}

// check completes w and returns the first reason why it cannot be served, in the
// order of the older tool, or nil. Faults of the file are reported together with its
// other faults.
func (w *options) check() *refusal {
	checks := []func() *refusal{
		w.checkFile, w.checkLevel, w.checkSocket, w.checkACME, w.checkTLS, w.checkProxies, w.checkProofs, w.openCredentials, w.checkAccess, w.checkStderr, w.checkMCP, w.checkFraming, w.readHeaders, w.checkWhat, w.checkPrefork,
		w.checkLifetime, w.checkSessionURL, w.checkIsolate, w.checkConfine, w.checkPow, w.checkBeneath,
		w.checkAdmin, w.openAdminToken,
	}
	checks = append(checks, w.powFlagChecks()...)
	checks = append(checks, w.lifeFlagChecks()...)
	checks = append(checks, w.findCommand, w.findDir, w.findBeside, w.checkExposed)
	for _, check := range checks {
		r := check()
		if r != nil && !w.blame(r) && len(w.file.faults.all) == 0 {
			return r
		}
	}
	if r := w.addPrograms(); r != nil {
		return r
	}
	return w.checkIdle()
}

// blame reports whether the file is at fault: whether it sets a flag that r is about.
// Then it adds r to the faults of the file, unless that flag has a fault already.
func (w *options) blame(r *refusal) bool {
	for _, flag := range r.about {
		if w.file.broken[flag] {
			return true // and its fault has been added
		}
	}
	for _, flag := range r.about {
		if pos := posOf(w.layers, flag); pos.isSet() {
			w.file.faults.add(pos, "%s", r.forFile(w.layers))
			return true
		}
	}
	return false
}

func (w *options) checkFile() *refusal {
	for _, f := range []struct {
		name string
		is   bool
	}{{"checkconfig", w.Config.Checkconfig}, {"name", w.Config.Name != ""}} {
		if f.is && w.file.faults.file == "" {
			return &refusal{status: ExitUsage, message: "please specify --config when requesting --" + f.name}
		}
	}
	return nil
}

func (w *options) checkLevel() *refusal {
	if _, known := levels[w.Log.Loglevel]; known {
		return nil
	}
	if !sets(w.layers[0], "loglevel") {
		return &refusal{status: ExitFlags, message: fmt.Sprintf("invalid value %q for environment variable WEBSOCKETD_LOGLEVEL: must be one of %s",
			w.Log.Loglevel, levelNames)}
	}
	return &refusal{status: ExitUsage, onStdout: true, seeHelp: true,
		message: fmt.Sprintf("Incorrect loglevel flag '%s'. Use --help to see allowed values.\nIt must be one of %s.", w.Log.Loglevel, levelNames)}
}

func (w *options) checkSocket() *refusal {
	l := &w.Listen
	for _, f := range []struct{ name, value string }{{"socketmode", l.Socketmode}, {"socketgroup", l.Socketgroup}} {
		switch {
		case f.value == "":
		case l.Unixsocket == "":
			return &refusal{status: ExitUsage, about: []string{f.name}, message: "please specify --unixsocket when requesting --" + f.name}
		case libwebsocketd.IsAbstractSocket(l.Unixsocket):
			return &refusal{status: ExitUsage, about: []string{f.name, "unixsocket"},
				message: fmt.Sprintf("--unixsocket=%s has no file, and so no --%s: leave it out, or name a file", l.Unixsocket, f.name)}
		}
	}
	return nil
}

func (w *options) checkTLS() *refusal {
	t := &w.TLS
	if w.issues() {
		return nil // see checkACME
	}
	about := []string{"ssl", "sslcert", "sslkey", "sslca"}
	switch {
	case t.SSL && (t.Sslcert == "" || t.Sslkey == ""):
		return &refusal{status: ExitUsage, message: "please specify both --sslcert and --sslkey when requesting --ssl", about: about}
	case !t.SSL && (t.Sslcert != "" || t.Sslkey != "" || t.Sslca != ""):
		return &refusal{status: ExitUsage, message: "you should not be using --ssl* flags when there is no --ssl option; add --ssl", about: about}
	}
	return nil
}

func (w *options) checkProxies() *refusal {
	a := &w.Admit
	if a.Forwardedheader != gate.DefaultForwardedHeader && len(a.Trustproxy) == 0 {
		return &refusal{status: ExitUsage, about: []string{"forwardedheader"},
			message: "please specify --trustproxy when requesting --forwardedheader: nobody else is believed"}
	}
	return nil
}

// checkStderr merges --stderr and --passstderr, two spellings of one option: the
// higher layer counts, and within a layer they must agree.
func (w *options) checkStderr() *refusal {
	m := &w.Messages
	for _, layer := range w.layers {
		hasMode, hasPass := sets(layer, "stderr"), sets(layer, "passstderr") && m.Passstderr
		if hasMode && hasPass && m.Stderr != string(libwebsocketd.StderrTag) {
			return &refusal{status: ExitUsage, about: []string{"stderr", "passstderr"}, message: fmt.Sprintf(
				"please only specify one of --passstderr and --stderr=%s; --passstderr is --stderr=tag", m.Stderr)}
		}
		if hasPass {
			m.Stderr = string(libwebsocketd.StderrTag)
		}
		if hasMode || hasPass {
			break
		}
	}
	if m.Binary && m.Stderr == string(libwebsocketd.StderrTag) {
		return &refusal{status: ExitUsage, about: []string{"stderr", "passstderr", "binary"},
			message: "please only specify one of --binary and --passstderr",
			inFile:  `stderr = "tag" makes text messages and cannot go with binary = true; take one of them out`}
	}
	return nil
}

// readHeaders parses the header flags, whose form has been checked.
func (w *options) readHeaders() *refusal {
	w.headers.all, _ = parseHeaders(w.Headers.Header)
	w.headers.ws, _ = parseHeaders(w.Headers.HeaderWS)
	w.headers.http, _ = parseHeaders(w.Headers.HeaderHTTP)
	return nil
}

// parseHeaders parses NAME:VALUE lines. Blanks around the value are removed, and line
// ends within it become blanks. Empty lines are skipped.
func parseHeaders(lines []string) (http.Header, error) {
	header := http.Header{}
	for _, line := range lines {
		if line == "" {
			continue
		}
		name, value, found := strings.Cut(line, ":")
		if !found || !isToken(name) {
			return nil, errors.New("must be NAME:VALUE, with letters, digits and hyphens for NAME")
		}
		if http.CanonicalHeaderKey(name) == "Sec-Websocket-Extensions" {
			return nil, errors.New("would make clients refuse every connection: extensions are negotiated, leave this header out")
		}
		header.Add(name, strings.TrimSpace(lineEnds.Replace(value)))
	}
	return header, nil
}

var lineEnds = strings.NewReplacer("\r", " ", "\n", " ")

// isToken reports whether name can be the name of a header (RFC 9110, 5.6.2).
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		alnum := '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
		return !alnum && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

func (w *options) checkWhat() *refusal {
	beside := w.Beside.Staticdir != "" || w.Beside.Cgidir != "" || len(w.file.programs) > 0
	switch hasCommand, hasDir := len(w.command) > 0, w.Program.Dir != ""; {
	case !hasCommand && !hasDir && !beside && w.Pow.Pow != "":
		return w.checkPow() // which knows what has a name
	case !hasCommand && !hasDir && !beside && w.file.faults.file != "":
		return &refusal{status: ExitFlags, message: w.file.faults.file +
			": there is nothing to serve: write a [program.NAME], or give COMMAND, --dir, --staticdir or --cgidir"}
	case !hasCommand && !hasDir && !beside:
		return &refusal{status: ExitUsage, usage: true,
			message: "Please specify COMMAND or provide --dir, --staticdir or --cgidir argument.\n--config=FILE serves the programs of a file."}
	case hasCommand && hasDir && (sets(w.layers[0], "dir") || posOf(w.layers, "dir").isSet()):
		return &refusal{status: ExitUsage, seeHelp: true,
			message: w.hinted("ambiguous: provided COMMAND and --dir argument, please only specify one"), about: []string{"dir"}}
	case hasCommand && hasDir:
		return &refusal{status: ExitUsage, seeHelp: true,
			message: w.hinted("ambiguous: provided COMMAND and --dir argument, please only specify one (--dir comes from WEBSOCKETD_DIR)")}
	}
	return nil
}

// checkPrefork checks --prefork, once it is known whether there is a COMMAND, a
// --dir, or only files.
func (w *options) checkPrefork() *refusal {
	message := ""
	switch n, most := w.Program.Prefork, w.Admit.Maxforks; {
	case len(w.command) == 0 && w.Program.Dir == "" && len(w.file.programs) > 0:
		return nil // for the programs of the file, which are checked one by one
	case n == 0 && w.Program.Preforkrequest:
		message = "please specify --prefork when requesting --preforkrequest"
	case n > 0 && w.Program.Dir != "":
		message = "please only specify one of --prefork and --dir: it is not known ahead which script will be asked for"
	case n > 0 && len(w.command) == 0:
		message = "please specify COMMAND when requesting --prefork"
	case most > 0 && n > most:
		message = fmt.Sprintf("please specify at most --prefork=%d, or a larger --maxforks: processes that are started ahead count, too", most)
	}
	if message == "" {
		return nil
	}
	return &refusal{status: ExitUsage, message: message, about: []string{"prefork", "preforkrequest"}}
}
