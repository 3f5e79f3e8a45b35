package harness

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// ClientsDir returns the directory of the clients we did not write, and their
// drivers.
func ClientsDir() string { return filepath.Join(RootDir(), "test", "clients") }

// ServersDir returns the directory of the programs we did not write, which run behind
// the server.
func ServersDir() string { return filepath.Join(RootDir(), "test", "servers") }

// ClientDir returns the directory of the browser client's sources.
func ClientDir() string { return filepath.Join(RootDir(), "clients", "js") }

// nodePackages returns an error unless node is installed, and packages are in a
// directory.
func nodePackages(dir string, names ...string) error {
	if _, err := exec.LookPath("node"); err != nil {
		return err
	}
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, "node_modules", name, "package.json")); err != nil {
			return fmt.Errorf("npm package %s is not installed in %s", name, dir)
		}
	}
	return nil
}

type python struct {
	path string
	err  error
}

var pythonWebsockets = sync.OnceValue(func() python {
	candidates := []string{"/usr/bin/python3"}
	if path, err := exec.LookPath("python3"); err == nil {
		candidates = append([]string{path}, candidates...)
	}
	for _, path := range candidates {
		if exec.Command(path, "-c", "import websockets").Run() == nil {
			return python{path: path}
		}
	}
	return python{err: fmt.Errorf("no python3 here has the package websockets")}
})

// PythonWebsockets returns a Python 3 that has the package websockets. The system's
// own Python may have it while another one comes first in PATH.
func PythonWebsockets() (string, error) {
	p := pythonWebsockets()
	return p.path, p.err
}
