package control

import (
	"strconv"

	"websocketd/libwebsocketd/manager"
)

// mostSupervised is how many instances have metrics of their own: the first ones.
const mostSupervised = 1000

// instanceStatuses are those that an instance may have, each a series of its own.
var instanceStatuses = []manager.Status{manager.Starting, manager.Online, manager.Stopping, manager.Stopped, manager.Errored, manager.Restarting}

var (
	supervisedStatus   = newGauge("supervised_status", "1 for the status that an instance of a supervised program has, 0 for the others.", "instance", "program", "status")
	supervisedRestarts = newCounter("supervised_restarts_total", "Processes of an instance that were replaced by another.", "instance", "program")
	supervisedHealthy  = newGauge("supervised_healthy", "1 if the last health check has succeeded, 0 if it has failed too often; not there where nothing is known.", "instance", "program")
	supervisedCPU      = newGauge("supervised_cpu_percent", "Percent of one core, of the process and everything in its session.", "instance", "program")
	supervisedMemory   = newGauge("supervised_memory_bytes", "Memory of the process and everything in its session.", "instance", "program")
)

// collectSupervised collects what supervised programs are and use.
func (c *Control) collectSupervised(e *exposition) {
	all := c.Programs.List()
	for i := range all[:min(len(all), mostSupervised)] {
		about := &all[i]
		program, instance := about.Program, strconv.Itoa(about.Instance)
		for _, status := range instanceStatuses {
			e.add(supervisedStatus, oneIf(about.Status == status), instance, program, string(status))
		}
		e.add(supervisedRestarts, float64(about.Restarts), instance, program)
		if about.Health != manager.HealthUnknown {
			e.add(supervisedHealthy, oneIf(about.Health == manager.HealthHealthy), instance, program)
		}
		e.add(supervisedCPU, round(about.CPU), instance, program)
		e.add(supervisedMemory, float64(about.Memory), instance, program)
	}
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
