package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"websocketd/libwebsocketd"
)

// findCommand replaces COMMAND by its path, which becomes argv[0] of every process.
func (w *options) findCommand() *refusal {
	if len(w.command) == 0 {
		return nil
	}
	name := w.command[0]
	path, why := lookCommand(name)
	if why != "" {
		if isBare(name) {
			why = fmt.Sprintf("unable to locate specified COMMAND '%s' in OS path", name) + besideUs(name)
		}
		return &refusal{status: ExitUsage, seeHelp: true, message: w.hinted(why)}
	}
	w.command[0] = path
	return nil
}

// unable returns notes on a COMMAND that exists, but that the system cannot execute
// as it stands. It may be repaired before the first client comes.
func (w *options) unable() []string {
	if len(w.command) == 0 {
		return nil
	}
	path, why := lookCommand(w.command[0])
	if why != "" {
		return nil // findCommand refuses it
	}
	if err := libwebsocketd.CheckExecutable(path, ""); err != nil {
		return []string{fmt.Sprintf("%s cannot be started as it stands: %v", w.command[0], err)}
	}
	return nil
}

// lookCommand returns the executable file of a command, whose name is a path or is
// looked up in PATH. When there is none, why is a sentence that begins with the name.
func lookCommand(name string) (path, why string) {
	if name == "" {
		return "", "COMMAND is empty: the name of a program is missing"
	}
	path, err := exec.LookPath(name)
	if err == nil {
		return path, ""
	}
	info, statErr := os.Stat(name)
	first, _, several := strings.Cut(name, " ")
	_, firstErr := exec.LookPath(first)
	switch {
	case errors.Is(err, exec.ErrDot):
		return "", fmt.Sprintf("%s is found in the working directory only; write ./%s", name, name)
	case statErr != nil && several && firstErr == nil:
		return "", fmt.Sprintf("%q is one argument with a space in it, and there is no such program; without the quotes %s gets arguments", name, first)
	case isBare(name):
		return "", fmt.Sprintf("%s is not in the PATH of websocketd; write its whole path, or ./%s", name, name)
	case errors.Is(statErr, fs.ErrNotExist):
		return "", fmt.Sprintf("%s: there is no such file%s", name, seenFrom(name))
	case errors.Is(statErr, fs.ErrPermission):
		return "", fmt.Sprintf("%s is in a directory that this user may not look into; chmod +x makes it so", name)
	case statErr != nil:
		return "", fmt.Sprintf("%s: %v", name, rootCause(statErr))
	case info.IsDir():
		return "", fmt.Sprintf("%s is a directory; %s", name, serving(name))
	}
	return "", fmt.Sprintf("%s may not be executed; chmod +x makes it so", name)
}

// serving returns how to serve a directory that was taken for a program.
func serving(dir string) string {
	return fmt.Sprintf("--staticdir=%s serves its files, --dir=%s runs its executable files", dir, dir)
}

// isBare reports whether a name is looked up in PATH, and is not a path.
func isBare(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/ ")
}

// besideUs returns a hint at a file or directory of that name in the working
// directory, which is not searched for programs.
func besideUs(name string) string {
	switch info, err := os.Stat(name); {
	case err != nil:
		return ""
	case info.IsDir():
		return "; there is a directory of that name here: " + serving(name)
	}
	return "; there is a file of that name here: write ./" + name
}

// rootCause returns err without its path, which the message already has.
func rootCause(err error) error {
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		return at.Err
	}
	return err
}

// findDir makes --dir absolute.
func (w *options) findDir() *refusal {
	dir := w.Program.Dir
	if dir == "" {
		return nil
	}
	absolute, err := filepath.Abs(dir)
	if err == nil {
		err = isDirectory(dir)
	}
	message := ""
	switch info, statErr := os.Stat(dir); {
	case err == nil:
		w.Program.Dir = absolute
		return nil
	case statErr == nil && !info.IsDir():
		message = fmt.Sprintf("did you mean to specify COMMAND instead of --dir '%s'?", dir)
	default:
		message = fmt.Sprintf("could not find your script dir '%s': %v", dir, err)
	}
	return &refusal{status: ExitUsage, seeHelp: true, message: message}
}

// findBeside makes --cgidir and --staticdir absolute.
func (w *options) findBeside() *refusal {
	for _, d := range []struct {
		kind  string
		dir   *string
		check func(string) error
	}{{"CGI", &w.Beside.Cgidir, isDirectory}, {"static", &w.Beside.Staticdir, isReadable}} {
		if *d.dir == "" {
			continue
		}
		absolute, err := filepath.Abs(*d.dir)
		if err == nil {
			err = d.check(*d.dir)
		}
		if err != nil {
			return &refusal{status: ExitUsage, seeHelp: true,
				message: fmt.Sprintf("your %s dir '%s' is not pointing to an accessible directory: %v", d.kind, *d.dir, err)}
		}
		*d.dir = absolute
	}
	return nil
}

// isDirectory returns an error if no file in a directory can be opened. That may be
// possible without permission to list them.
func isDirectory(path string) error {
	if path == "" {
		return nil // not set
	}
	_, err := os.Stat(path + "/.")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no such directory%s", seenFrom(path))
	case errors.Is(err, syscall.ENOTDIR):
		return errors.New("is not a directory")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("this user may not look into it; chmod +rx makes it so")
	}
	return rootCause(err)
}

// isReadable returns an error if a directory cannot be listed.
func isReadable(path string) error {
	if path == "" || isDirectory(path) != nil {
		return isDirectory(path)
	}
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return errors.New("this user may not list it; chmod +r makes it so")
	case err != nil:
		return rootCause(err)
	}
	return f.Close()
}

// isFile returns an error if a file cannot be read.
func isFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case path == "":
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no such file%s", seenFrom(path))
	case err != nil:
		return rootCause(err)
	case info.IsDir():
		return errors.New("is a directory, not a file")
	case !info.Mode().IsRegular():
		return errors.New("is not a regular file")
	}
	return nil
}

// seenFrom returns the directory a relative path was looked up in: the working
// directory of the server, not that of the configuration file.
func seenFrom(path string) string {
	dir, err := os.Getwd()
	if err != nil || filepath.IsAbs(path) {
		return ""
	}
	return " in " + dir + ", where websocketd was started"
}
