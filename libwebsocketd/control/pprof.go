package control

import "net/http/pprof"

// addProfiles adds the profiles of package pprof. Importing it adds them to net/http's own
// mux as well, which nothing here serves.
func (c *Control) addProfiles() {
	c.handle("GET /debug/pprof/", guarded, pprof.Index)
	c.handle("GET /debug/pprof/cmdline", guarded, pprof.Cmdline)
	c.handle("GET /debug/pprof/profile", guarded, pprof.Profile)
	c.handle("GET /debug/pprof/symbol", guarded, pprof.Symbol)
	c.handle("POST /debug/pprof/symbol", guarded, pprof.Symbol)
	c.handle("GET /debug/pprof/trace", guarded, pprof.Trace)
}
