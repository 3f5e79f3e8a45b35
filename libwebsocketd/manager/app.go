package manager

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"websocketd/libwebsocketd/shared"
)

// Defaults of an App, as PMDaemon documents them.
const (
	DefaultNamespace   = "default"
	DefaultMaxRestarts = 16
	DefaultMinUptime   = time.Second
	DefaultKillTimeout = 1600 * time.Millisecond
	DefaultLogSize     = 10 << 20
	DefaultLogKeep     = 5
	MostInstances      = 256
)

// App is how a supervised program is kept alive: what a Program does not say. A zero field is
// the default.
type App struct {
	Namespace string // "" is DefaultNamespace; only told, and filtered by
	Instances int    // how many processes; 0 is 1
	Ports     Ports  // what PORT of each instance is taken from

	// NoRestart leaves the program stopped when it has ended by itself. A one-off task is such
	// a program. Every starts it again after each such time, unless it still runs or was stopped by
	// hand; 0 is never. It includes NoRestart.
	NoRestart bool
	Every     time.Duration

	// A program that has ended by itself is started again after RestartDelay, which doubles from
	// one restart in a row to the next; see package doc. After MaxRestarts in a row, none of which
	// ran for MinUptime, it is errored.
	MaxRestarts  int           // 0 is DefaultMaxRestarts, negative no limit
	MinUptime    time.Duration // 0 is DefaultMinUptime
	RestartDelay time.Duration
	KillTimeout  time.Duration // from SIGTERM to SIGKILL; 0 is DefaultKillTimeout

	MaxMemory int64        // bytes of the process and all its descendants, above which it is restarted; 0 is no limit
	Health    *Check       // nil: its health is not known
	Ready     *Ready       // when it is online; nil: as soon as it has started
	After     []Dependency // what has to be so before it is started

	Watch       bool     // restart it when a file below its directory changes
	IgnoreWatch []string // patterns of paths, relative to that directory, that are not looked at

	// Files, relative to the server's directory. LogFile has both streams. Several instances have a
	// file each, with -N before the extension. "" is none.
	OutFile, ErrorFile, LogFile string
	PidFile                     string
	LogSize                     int64 // bytes at which a file is rotated; 0 is DefaultLogSize, negative never
	LogKeep                     int   // how many rotated files are kept; 0 is DefaultLogKeep

	// As in lifetime shared.
	Input      shared.Input
	SlowClient shared.SlowClient
	History    int
	KeepFirst  int
}

// Ready says when a starting program is online. Exactly one of Check, Line and Notify is set.
type Ready struct {
	Check   *Check        // when it is healthy
	Line    string        // a regular expression: when a line of its output matches
	Notify  bool          // when it sends READY=1 to NOTIFY_SOCKET (sd_notify(3))
	Timeout time.Duration // after which it is restarted; 0 is DefaultReadyTimeout
}

// Defaults of a Ready.
const (
	DefaultReadyTimeout  = time.Minute            // how long a program may take to be ready
	DefaultReadyInterval = 500 * time.Millisecond // of its Check
)

// Check looks whether a program works. Exactly one of HTTP and Script is set.
type Check struct {
	HTTP     string        // a URL, in which ${PORT} is the instance's port: healthy is a status from 200 to 299
	Script   []string      // an executable and its arguments: healthy is exit status 0
	Interval time.Duration // from one check to the next; 0 is DefaultInterval, in Ready DefaultReadyInterval
	Timeout  time.Duration // of one check; 0 is DefaultTimeout
	Retries  int           // failures in a row that make it unhealthy; 0 is DefaultRetries
}

// Defaults of a Check.
const (
	DefaultInterval = 30 * time.Second
	DefaultTimeout  = 5 * time.Second
	DefaultRetries  = 3
)

// Condition is what a program waits for in another one.
type Condition string

// What can be waited for.
const (
	Started   Condition = "started"   // its process has started
	ReadyTo   Condition = "ready"     // it is online (default)
	Healthy   Condition = "healthy"   // its health check has succeeded
	Completed Condition = "completed" // it has ended with status 0
)

// Dependency is another program, and what has to be so of it, of every instance.
type Dependency struct {
	Program   string
	Condition Condition
}

// String returns the dependency as a file has it.
func (d Dependency) String() string { return d.Program + ":" + string(d.Condition) }

// complete returns a with the defaults filled in.
func (a App) complete() App {
	a.Namespace = cmp.Or(a.Namespace, DefaultNamespace)
	a.Instances = cmp.Or(a.Instances, 1)
	a.NoRestart = a.NoRestart || a.Every > 0
	a.MaxRestarts = cmp.Or(a.MaxRestarts, DefaultMaxRestarts)
	a.MinUptime = cmp.Or(a.MinUptime, DefaultMinUptime)
	a.KillTimeout = cmp.Or(a.KillTimeout, DefaultKillTimeout)
	a.LogSize = cmp.Or(a.LogSize, DefaultLogSize)
	a.LogKeep = cmp.Or(a.LogKeep, DefaultLogKeep)
	a.Input = cmp.Or(a.Input, shared.InputAll)
	a.SlowClient = cmp.Or(a.SlowClient, shared.SlowClose)
	a.History = cmp.Or(a.History, shared.DefaultHistory)
	a.After = slices.Clone(a.After)
	a.IgnoreWatch = slices.Clone(a.IgnoreWatch)
	if a.Health != nil {
		a.Health = a.Health.complete(DefaultInterval)
	}
	if a.Ready != nil {
		ready := *a.Ready
		ready.Timeout = cmp.Or(ready.Timeout, DefaultReadyTimeout)
		if ready.Check != nil {
			ready.Check = ready.Check.complete(DefaultReadyInterval)
		}
		a.Ready = &ready
	}
	return a
}

// complete returns a copy of c with the defaults filled in.
func (c *Check) complete(interval time.Duration) *Check {
	full := *c
	full.Script = slices.Clone(c.Script)
	full.Interval = cmp.Or(c.Interval, interval)
	full.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	full.Retries = cmp.Or(c.Retries, DefaultRetries)
	return &full
}

// check returns the first fault of the settings.
func (a *App) check() error {
	switch {
	case a.Instances < 0 || a.Instances > MostInstances:
		return fmt.Errorf("the number of Instances is %d; it may be 1 to %d", a.Instances, MostInstances)
	case a.Every < 0 || a.MinUptime < 0 || a.RestartDelay < 0 || a.KillTimeout < 0:
		return fmt.Errorf("one of Every, MinUptime, RestartDelay and KillTimeout is negative")
	case a.MaxMemory < 0:
		return fmt.Errorf("MaxMemory is negative: %d", a.MaxMemory)
	case a.LogKeep < 0:
		return fmt.Errorf("LogKeep is negative: %d", a.LogKeep)
	}
	for _, d := range a.After {
		switch d.Condition {
		case Started, ReadyTo, Healthy, Completed:
		default:
			return fmt.Errorf("%q in After: what can be waited for is started, ready, healthy and completed", d)
		}
	}
	if a.Health != nil {
		if err := a.Health.valid(); err != nil {
			return fmt.Errorf("Health %w", err)
		}
	}
	if a.Ready != nil {
		if err := a.Ready.valid(); err != nil {
			return fmt.Errorf("Ready %w", err)
		}
	}
	return a.Ports.check(max(a.Instances, 1))
}
