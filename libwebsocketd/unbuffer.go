package libwebsocketd

import (
	"os/exec"
	"path/filepath"
	"sync"
)

// preload returns the path of stdbuf's library, which sets the buffers of a C program; ""
// where there is none.
var preload = sync.OnceValue(func() string {
	stdbuf, err := exec.LookPath("stdbuf")
	if err != nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(stdbuf); err == nil && filepath.Base(real) == "stdbuf" {
		stdbuf = real
	}
	prefix := filepath.Dir(filepath.Dir(stdbuf))
	for _, pattern := range []string{"libexec/coreutils", "lib/coreutils", "lib/*/coreutils", "lib64/coreutils"} {
		found, _ := filepath.Glob(filepath.Join(prefix, pattern, "libstdbuf.so"))
		if len(found) > 0 {
			return found[0]
		}
	}
	return ""
})

// unbuffered returns the variables that make programs write every line at once: Python's,
// and those that stdbuf(1) sets for programs of the C library.
func unbuffered() []variable {
	vars := []variable{{"PYTHONUNBUFFERED", "1"}}
	library := preload()
	if library == "" {
		return vars
	}
	return append(vars, variable{"LD_PRELOAD", library}, variable{"_STDBUF_O", "L"})
}
