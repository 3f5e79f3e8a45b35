package process

// StderrTo tells where the standard error of a process goes.
type StderrTo int

const (
	StderrPipe    StderrTo = iota // a separate pipe, Process.Stderr
	StderrStdout                  // into the pipe of stdout, as 2>&1
	StderrNowhere                 // discarded
)

// Spec describes a program to run.
type Spec struct {
	Path   string   // the executable file; nothing is looked up
	Args   []string // argv, with argv[0]
	Env    []string // the whole environment, KEY=VALUE
	Dir    string   // working directory; "" is the server's
	Stderr StderrTo

	Account     *Account     // who it runs as; nil is the server's user
	Confinement *Confinement // nil: it has and may do what the server does
}
