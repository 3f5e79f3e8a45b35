package control

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"time"
)

// runtimeMetric is a metric of Go's runtime: the sum of what package runtime/metrics has by these
// names. Names and words of all are those of the Go collector of prometheus/client_golang, for
// which dashboards are made.
type runtimeMetric struct {
	metric metric
	of     []string
}

var runtimeMetrics = []runtimeMetric{
	{metric{"go_gc_gogc_percent", "Heap size target percentage configured by the user, otherwise 100. This value is set by the GOGC environment variable, and the runtime/debug.SetGCPercent function. Sourced from /gc/gogc:percent.", gauge, nil}, []string{"/gc/gogc:percent"}},
	{metric{"go_gc_gomemlimit_bytes", "Go runtime memory limit configured by the user, otherwise math.MaxInt64. This value is set by the GOMEMLIMIT environment variable, and the runtime/debug.SetMemoryLimit function. Sourced from /gc/gomemlimit:bytes.", gauge, nil}, []string{"/gc/gomemlimit:bytes"}},
	{metric{"go_goroutines", "Number of goroutines that currently exist.", gauge, nil}, []string{"/sched/goroutines:goroutines"}},
	{metric{"go_memstats_alloc_bytes", "Number of bytes allocated in heap and currently in use. Equals to /memory/classes/heap/objects:bytes.", gauge, nil}, []string{"/memory/classes/heap/objects:bytes"}},
	{metric{"go_memstats_alloc_bytes_total", "Total number of bytes allocated in heap until now, even if released already. Equals to /gc/heap/allocs:bytes.", counter, nil}, []string{"/gc/heap/allocs:bytes"}},
	{metric{"go_memstats_buck_hash_sys_bytes", "Number of bytes used by the profiling bucket hash table. Equals to /memory/classes/profiling/buckets:bytes.", gauge, nil}, []string{"/memory/classes/profiling/buckets:bytes"}},
	{metric{"go_memstats_frees_total", "Total number of heap objects frees. Equals to /gc/heap/frees:objects + /gc/heap/tiny/allocs:objects.", counter, nil}, []string{"/gc/heap/frees:objects", "/gc/heap/tiny/allocs:objects"}},
	{metric{"go_memstats_gc_sys_bytes", "Number of bytes used for garbage collection system metadata. Equals to /memory/classes/metadata/other:bytes.", gauge, nil}, []string{"/memory/classes/metadata/other:bytes"}},
	{metric{"go_memstats_heap_alloc_bytes", "Number of heap bytes allocated and currently in use, same as go_memstats_alloc_bytes. Equals to /memory/classes/heap/objects:bytes.", gauge, nil}, []string{"/memory/classes/heap/objects:bytes"}},
	{metric{"go_memstats_heap_idle_bytes", "Number of heap bytes waiting to be used. Equals to /memory/classes/heap/released:bytes + /memory/classes/heap/free:bytes.", gauge, nil}, []string{"/memory/classes/heap/released:bytes", "/memory/classes/heap/free:bytes"}},
	{metric{"go_memstats_heap_inuse_bytes", "Number of heap bytes that are in use. Equals to /memory/classes/heap/objects:bytes + /memory/classes/heap/unused:bytes", gauge, nil}, []string{"/memory/classes/heap/objects:bytes", "/memory/classes/heap/unused:bytes"}},
	{metric{"go_memstats_heap_objects", "Number of currently allocated objects. Equals to /gc/heap/objects:objects.", gauge, nil}, []string{"/gc/heap/objects:objects"}},
	{metric{"go_memstats_heap_released_bytes", "Number of heap bytes released to OS. Equals to /memory/classes/heap/released:bytes.", gauge, nil}, []string{"/memory/classes/heap/released:bytes"}},
	{metric{"go_memstats_heap_sys_bytes", "Number of heap bytes obtained from system. Equals to /memory/classes/heap/objects:bytes + /memory/classes/heap/unused:bytes + /memory/classes/heap/released:bytes + /memory/classes/heap/free:bytes.", gauge, nil}, []string{"/memory/classes/heap/objects:bytes", "/memory/classes/heap/unused:bytes", "/memory/classes/heap/released:bytes", "/memory/classes/heap/free:bytes"}},
	{metric{"go_memstats_mallocs_total", "Total number of heap objects allocated, both live and gc-ed. Semantically a counter version for go_memstats_heap_objects gauge. Equals to /gc/heap/allocs:objects + /gc/heap/tiny/allocs:objects.", counter, nil}, []string{"/gc/heap/allocs:objects", "/gc/heap/tiny/allocs:objects"}},
	{metric{"go_memstats_mcache_inuse_bytes", "Number of bytes in use by mcache structures. Equals to /memory/classes/metadata/mcache/inuse:bytes.", gauge, nil}, []string{"/memory/classes/metadata/mcache/inuse:bytes"}},
	{metric{"go_memstats_mcache_sys_bytes", "Number of bytes used for mcache structures obtained from system. Equals to /memory/classes/metadata/mcache/inuse:bytes + /memory/classes/metadata/mcache/free:bytes.", gauge, nil}, []string{"/memory/classes/metadata/mcache/inuse:bytes", "/memory/classes/metadata/mcache/free:bytes"}},
	{metric{"go_memstats_mspan_inuse_bytes", "Number of bytes in use by mspan structures. Equals to /memory/classes/metadata/mspan/inuse:bytes.", gauge, nil}, []string{"/memory/classes/metadata/mspan/inuse:bytes"}},
	{metric{"go_memstats_mspan_sys_bytes", "Number of bytes used for mspan structures obtained from system. Equals to /memory/classes/metadata/mspan/inuse:bytes + /memory/classes/metadata/mspan/free:bytes.", gauge, nil}, []string{"/memory/classes/metadata/mspan/inuse:bytes", "/memory/classes/metadata/mspan/free:bytes"}},
	{metric{"go_memstats_next_gc_bytes", "Number of heap bytes when next garbage collection will take place. Equals to /gc/heap/goal:bytes.", gauge, nil}, []string{"/gc/heap/goal:bytes"}},
	{metric{"go_memstats_other_sys_bytes", "Number of bytes used for other system allocations. Equals to /memory/classes/other:bytes.", gauge, nil}, []string{"/memory/classes/other:bytes"}},
	{metric{"go_memstats_stack_inuse_bytes", "Number of bytes obtained from system for stack allocator in non-CGO environments. Equals to /memory/classes/heap/stacks:bytes.", gauge, nil}, []string{"/memory/classes/heap/stacks:bytes"}},
	{metric{"go_memstats_stack_sys_bytes", "Number of bytes obtained from system for stack allocator. Equals to /memory/classes/heap/stacks:bytes + /memory/classes/os-stacks:bytes.", gauge, nil}, []string{"/memory/classes/heap/stacks:bytes", "/memory/classes/os-stacks:bytes"}},
	{metric{"go_memstats_sys_bytes", "Number of bytes obtained from system. Equals to /memory/classes/total:byte.", gauge, nil}, []string{"/memory/classes/total:bytes"}},
	{metric{"go_sched_gomaxprocs_threads", "The current runtime.GOMAXPROCS setting, or the number of operating system threads that can execute user-level Go code simultaneously. Sourced from /sched/gomaxprocs:threads.", gauge, nil}, []string{"/sched/gomaxprocs:threads"}},
}

var (
	goInfo    = &metric{"go_info", "Information about the Go environment.", gauge, []string{"version"}}
	goThreads = &metric{"go_threads", "Number of OS threads created.", gauge, nil}
	goLastGC  = &metric{"go_memstats_last_gc_time_seconds", "Number of seconds since 1970 of last garbage collection.", gauge, nil}
	goPauses  = &metric{"go_gc_duration_seconds", "A summary of the wall-time pause (stop-the-world) duration in garbage collection cycles.", summary, nil}
)

// collectRuntime collects what Go's runtime tells.
func collectRuntime(e *exposition) {
	for i := range runtimeMetrics {
		m := &runtimeMetrics[i]
		e.add(&m.metric, m.read())
	}
	threads, _ := runtime.ThreadCreateProfile(nil)
	e.add(goThreads, float64(threads))
	e.add(goInfo, 1, runtime.Version())
	gc := debug.GCStats{PauseQuantiles: make([]time.Duration, 5)} // least, the three quarters, most
	debug.ReadGCStats(&gc)
	e.add(goLastGC, max(0, float64(gc.LastGC.UnixNano())/1e9))
	e.addPauses(&gc)
}

// read returns the metric's value.
func (m *runtimeMetric) read() (sum float64) {
	samples := make([]metrics.Sample, len(m.of))
	for i, name := range m.of {
		samples[i].Name = name
	}
	metrics.Read(samples)
	for _, s := range samples {
		if s.Value.Kind() == metrics.KindUint64 {
			sum += float64(s.Value.Uint64())
		}
	}
	return sum
}

// addPauses adds the summary of pauses.
func (e *exposition) addPauses(gc *debug.GCStats) {
	lines := ""
	for i, pause := range gc.PauseQuantiles {
		quantile := float64(i) / float64(len(gc.PauseQuantiles)-1)
		lines += e.line(goPauses, "", nil, `quantile="`+e.float(quantile)+`"`, e.float(pause.Seconds()))
	}
	lines += e.line(goPauses, "_sum", nil, "", e.float(gc.PauseTotal.Seconds()))
	lines += e.line(goPauses, "_count", nil, "", strconv.FormatInt(gc.NumGC, 10))
	e.put(goPauses, lines)
}
