package manager

import "time"

// Status is what an instance does, in PMDaemon's words.
type Status string

// What an instance does.
const (
	Starting   Status = "starting" // or it waits for what it is started after
	Online     Status = "online"
	Stopping   Status = "stopping"
	Stopped    Status = "stopped"
	Errored    Status = "errored" // it has ended too often in a row
	Restarting Status = "restarting"
)

// Health is what the checks of an instance have found.
type Health string

// What checks find.
const (
	HealthUnknown   Health = "unknown" // nothing yet, or there are none
	HealthHealthy   Health = "healthy"
	HealthUnhealthy Health = "unhealthy"
)

// Info is what is known of an instance at one moment.
type Info struct {
	ID        int    // a number of this server, never used again
	Name      string // of the instance: that of the program, with -N where there are several
	Program   string
	Namespace string
	Instance  int
	Path      string // the URL path of the program
	Command   []string

	Status   Status
	Pid      int       // 0 while there is no process
	Port     int       // 0 if it has none
	Began    time.Time // when its process has started; zero while there is none
	Created  time.Time // when the server has learnt of it
	Restarts int       // how often its process was replaced by another
	Health   Health
	Waits    []string // dependencies that it still waits for
	After    []string // all dependencies
	Viewers  int
	Exit     *int   // status of the last process that has ended; -1 by a signal; nil: none has
	Why      string // why it is errored, was not started or waits; "" is for no reason
	Notice   string // the last STATUS= that its process has sent by sd_notify(3); "" is none

	CPU    float64 // percent of one core, of the process and its descendants
	Memory int64   // bytes

	completed bool // it has ended by itself, with status 0, and none follows
}

// Uptime returns how long the process has run at now; 0 while there is none.
func (i *Info) Uptime(now time.Time) time.Duration {
	if i.Began.IsZero() {
		return 0
	}
	return max(0, now.Sub(i.Began))
}

// EventName is what has happened to an instance, in PMDaemon's words.
type EventName string

// What happens to an instance.
const (
	EventStarted           EventName = "started"
	EventStopped           EventName = "stopped"
	EventCrashed           EventName = "crashed"
	EventRestarted         EventName = "restarted"
	EventHealthCheckFailed EventName = "health_check_failed"
	EventMemoryExceeded    EventName = "memory_limit_exceeded"
)

// Stream is a standard stream of a process.
type Stream string

// The streams.
const (
	Stdout Stream = "stdout"
	Stderr Stream = "stderr"
)

// Event is something that has happened to an instance. Exactly one of Status, Event, Health and
// Lines tells what.
type Event struct {
	At   time.Time
	Info Info // right after it

	Status *StatusChange
	Event  *Lifecycle
	Health *HealthChange
	Lines  *Lines
}

// StatusChange is another Status than before.
type StatusChange struct{ Previous Status }

// Lifecycle is what has happened to a process.
type Lifecycle struct {
	Name    EventName
	Pid     int           // of the process
	Exit    *int          // its status when it has ended, -1 by a signal
	Took    time.Duration // with started and restarted: until it was online
	Details string        // more for people; "" is nothing
}

// HealthChange is what a check has found that is new.
type HealthChange struct {
	Previous Health
	Result   CheckResult
}

// CheckResult is how one check has ended.
type CheckResult struct {
	Kind   string // http or script
	Target string // of an HTTP check: the URL
	OK     bool
	Took   time.Duration
	Status int    // of an HTTP answer, or of a script; 0 and -1: there was none
	Why    string // "" if OK
}

// Lines are lines of one stream, in the order in which they were written. They belong to the
// receiver.
type Lines struct {
	Stream Stream
	Text   []string
}
