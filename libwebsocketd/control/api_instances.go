package control

import (
	"time"

	"websocketd/libwebsocketd/manager"
)

// instance is the document about an instance of a supervised program.
type instance struct {
	ID       int    `json:"id"` // a number of this server, never used again
	Name     string `json:"name"`
	Instance int    `json:"instance"`

	Status   manager.Status `json:"status"`
	Pid      int            `json:"pid"`      // 0 while there is no process
	Port     int            `json:"port"`     // 0 if it has none
	Since    *time.Time     `json:"since"`    // when its process has started; null while there is none
	Restarts int            `json:"restarts"` // how often its process was replaced by another
	Health   manager.Health `json:"health"`
	After    []string       `json:"after"` // all dependencies
	Waits    []string       `json:"waits"` // those that it still waits for
	Exit     *int           `json:"exit"`  // status of the last process that has ended, -1 by a signal; null: none has
	Why      string         `json:"why"`   // why it is errored or waits; "" is for no reason
	Viewers  int            `json:"viewers"`

	CPU    float64 `json:"cpu"`    // percent of one core, of the process and its descendants
	Memory int64   `json:"memory"` // bytes
}

func instanceOf(i *manager.Info) instance {
	about := instance{
		ID: i.ID, Name: i.Name, Instance: i.Instance, Status: i.Status, Pid: i.Pid, Port: i.Port, Restarts: i.Restarts, Health: i.Health,
		After: append([]string{}, i.After...), Waits: append([]string{}, i.Waits...), Exit: i.Exit, Why: i.Why, Viewers: i.Viewers,
		CPU: i.CPU, Memory: i.Memory,
	}
	if !i.Began.IsZero() {
		about.Since = &i.Began
	}
	return about
}

// instances returns the documents about the instances of supervised programs, by program.
func (c *Control) instances() map[string][]instance {
	of := map[string][]instance{}
	all := c.Programs.List()
	for n := range all {
		of[all[n].Program] = append(of[all[n].Program], instanceOf(&all[n]))
	}
	return of
}
