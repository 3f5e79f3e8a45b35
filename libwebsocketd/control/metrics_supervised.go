package control

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"websocketd/libwebsocketd/manager"
)

// mostSupervised is how many instances have metrics of their own: the first ones.
const mostSupervised = 1000

// instanceStatuses are those that an instance may have, each a series of its own.
var instanceStatuses = []manager.Status{manager.Starting, manager.Online, manager.Stopping, manager.Stopped, manager.Errored, manager.Restarting}

var (
	supervisedStatus   = newDesc("supervised_status", "1 for the status that an instance of a supervised program has, 0 for the others.", "program", "instance", "status")
	supervisedRestarts = newDesc("supervised_restarts_total", "Processes of an instance that were replaced by another.", "program", "instance")
	supervisedHealthy  = newDesc("supervised_healthy", "1 if the last health check has succeeded, 0 if it has failed too often; not there where nothing is known.", "program", "instance")
	supervisedCPU      = newDesc("supervised_cpu_percent", "Percent of one core, of the process and everything in its session.", "program", "instance")
	supervisedMemory   = newDesc("supervised_memory_bytes", "Memory of the process and everything in its session.", "program", "instance")
)

// collectSupervised collects what supervised programs are and use.
func (m *collector) collectSupervised(to chan<- prometheus.Metric) {
	all := m.control.Programs.List()
	for i := range all[:min(len(all), mostSupervised)] {
		about := &all[i]
		program, instance := about.Program, strconv.Itoa(about.Instance)
		for _, status := range instanceStatuses {
			gauge(to, supervisedStatus, oneIf(about.Status == status), program, instance, string(status))
		}
		to <- prometheus.MustNewConstMetric(supervisedRestarts, prometheus.CounterValue, float64(about.Restarts), program, instance)
		if about.Health != manager.HealthUnknown {
			gauge(to, supervisedHealthy, oneIf(about.Health == manager.HealthHealthy), program, instance)
		}
		to <- prometheus.MustNewConstMetric(supervisedCPU, prometheus.GaugeValue, round(about.CPU), program, instance)
		gauge(to, supervisedMemory, about.Memory, program, instance)
	}
}

func oneIf(is bool) int64 {
	if is {
		return 1
	}
	return 0
}
