package sandbox

import (
	"os"

	"github.com/landlock-lsm/go-landlock/landlock"

	"websocketd/libwebsocketd/process"
)

// Enter restricts this process, and all that it starts, to a sandbox in which it may execute a
// program. It cannot be left. V6 is the latest version of landlock that is taken, so that a later
// kernel denies nothing more.
func Enter(s process.Sandbox, program string) error {
	rules := []landlock.Rule{landlock.RWFiles(Devices()...).IgnoreIfMissing()}
	for _, path := range lasting(append(System(), program), s.Write) { // that there is no program is told when it is executed
		rules = append(rules, rule(path, false).IgnoreIfMissing())
	}
	for writable, paths := range map[bool][]string{false: s.Read, true: s.Write} {
		for _, path := range lasting(paths, s.Write) {
			if _, err := os.Stat(path); err != nil { // in plainer words than landlock's
				return err
			}
			rules = append(rules, rule(path, writable))
		}
	}
	config := landlock.V6.BestEffort()
	if err := config.RestrictPaths(rules...); err != nil {
		return err
	}
	return config.RestrictScoped()
}

// rule returns the rule that lets a process reach a file, or a directory with all below it.
func rule(path string, writable bool) landlock.FSRule {
	info, err := os.Stat(path)
	isDir := err == nil && info.IsDir()
	switch {
	case isDir && writable:
		return landlock.RWDirs(path).WithRefer()
	case isDir:
		return landlock.RODirs(path)
	case writable:
		return landlock.RWFiles(path)
	}
	return landlock.ROFiles(path)
}
