package control

import "websocketd/libwebsocketd/manager"

// Names and words are those of the process collector of prometheus/client_golang.
var (
	processCPU        = &metric{"process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", counter, nil}
	processFiles      = &metric{"process_open_fds", "Number of open file descriptors.", gauge, nil}
	processMaxFiles   = &metric{"process_max_fds", "Maximum number of open file descriptors.", gauge, nil}
	processMemory     = &metric{"process_resident_memory_bytes", "Resident memory size in bytes.", gauge, nil}
	processVirtual    = &metric{"process_virtual_memory_bytes", "Virtual memory size in bytes.", gauge, nil}
	processMaxVirtual = &metric{"process_virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes.", gauge, nil}
	processBegan      = &metric{"process_start_time_seconds", "Start time of the process since unix epoch in seconds.", gauge, nil}
)

// collectProcess collects what the server's own process is and uses, as far as the system tells it.
func collectProcess(e *exposition) {
	own := manager.Own()
	e.add(processCPU, own.CPU.Seconds())
	if !own.Began.IsZero() {
		e.add(processBegan, float64(own.Began.UnixMilli())/1e3)
	}
	for m, value := range map[*metric]uint64{
		processFiles: own.Files, processMaxFiles: own.MaxFiles,
		processMemory: own.Memory, processVirtual: own.Virtual, processMaxVirtual: own.MaxVirtual,
	} {
		if value > 0 {
			e.add(m, float64(value))
		}
	}
}
