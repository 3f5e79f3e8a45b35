package libwebsocketd

import (
	"os"
	"path/filepath"

	"websocketd/libwebsocketd/process"
)

// confined returns what the processes of a program may not have or do; nil if that is nothing. A
// sandbox has the files among its arguments: they are the operator's, as those of an interpreter.
// What a client gives by Params is not among them.
func (p *Program) confined() *process.Confinement {
	if p.Confinement.IsZero() {
		return nil
	}
	c := p.Confinement.Clone()
	if c.Sandbox != nil && len(p.Command) > 0 {
		c.Sandbox.Read = append(c.Sandbox.Read, filesAmong(p.Command[1:], p.WorkDir)...)
	}
	return &c
}

// filesAmong returns the paths of those of some arguments that are files, seen from a directory.
func filesAmong(args []string, dir string) (files []string) {
	for _, arg := range args {
		path := arg
		if dir != "" && !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		path, err := filepath.Abs(path)
		if info, statErr := os.Stat(path); err == nil && statErr == nil && info.Mode().IsRegular() {
			files = append(files, path)
		}
	}
	return files
}

// enableCgroups makes sure that the programs of cfg get the control groups that they ask for.
func (s *Server) enableCgroups(cfg *Config) error {
	wanted := []*process.Cgroup{cfg.Confinement.Cgroup}
	for i := range cfg.Programs {
		wanted = append(wanted, cfg.Programs[i].Confinement.Cgroup)
	}
	for _, cgroup := range wanted {
		if err := s.launcher.EnableCgroups(cgroup); err != nil {
			return fieldError("Confinement: %w", err)
		}
	}
	return nil
}
