package cli

import (
	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/pow"
)

// serveNamed makes cfg serve pow-1, if that is asked for.
func (w *options) serveNamed(cfg *libwebsocketd.Config) {
	if w.Pow.Pow == "" {
		return
	}
	h, _ := pow.New(pow.Options{Base: string(w.Pow.Pow), Sessions: w.sessions}) // the form is checked
	cfg.Dialects, cfg.Mounts = append(cfg.Dialects, h), append(cfg.Mounts, h.Mounts()...)
}

// checkNamed refuses --pow where nothing has a name.
func (w *options) checkNamed() *refusal {
	if w.Pow.Pow == "" || w.Program.Dir != "" || len(w.file.programs) > 0 {
		return nil
	}
	return &refusal{status: ExitUsage, about: []string{"pow"},
		message: "please specify --config or --dir when requesting --pow: clients call programs by name, and COMMAND has none",
		inFile:  `pow is for programs with names; write [program.NAME], or dir = "DIR"`}
}
