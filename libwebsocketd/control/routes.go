package control

import "net/http"

// policy says who may ask for a route.
type policy int

const (
	undeclared policy = iota // nobody: the route panics when it is added
	open                     // everyone: it says nothing about the server
	guarded                  // whoever has the token
	ticketed                 // whoever has the token, or a ticket in the URL, as for a WebSocket or an EventSource of a page
)

// addRoutes adds every route of the listener.
func (c *Control) addRoutes() {
	c.handle("GET /ws", ticketed, c.hub.Handler())
	c.handle(rootPattern, open, c.serveRoot())
	c.handle("GET /api/server", guarded, c.serveServer)
	c.handle("POST /api/server/upgrade", guarded, c.upgrade)
	c.handle("GET /api/programs", guarded, c.servePrograms)
	c.handle("GET /api/programs/{name}", guarded, c.serveProgram)
	c.handle("DELETE /api/programs/{name}/processes", guarded, c.endProgram)
	c.handle("GET /api/sessions", guarded, c.serveSessions)
	c.handle("GET /api/sessions/{id}", guarded, c.serveSession)
	c.handle("DELETE /api/sessions/{id}", guarded, c.endSession)
	c.handle("GET /api/processes", guarded, c.serveProcesses)
	c.handle("POST /api/processes", guarded, c.addProcess)
	c.handle("GET /api/processes/{name}", guarded, c.serveProcess)
	c.handle("DELETE /api/processes/{name}", guarded, c.deleteProcess)
	c.handle("POST /api/processes/{name}/{action}", guarded, c.operateProcess)
	c.handle("GET /api/processes/{name}/logs", guarded, c.serveLogs)
	c.handle("GET /api/system", guarded, c.serveSystem)
	c.handle("GET /api/status", guarded, c.serveStatus)
	c.handle("GET /api/connections", guarded, c.serveConnections)
	c.handle("DELETE /api/connections/{id}", guarded, c.kick)
	c.handle("GET /api/hub", guarded, c.serveHub)
	c.handle("GET /api/channels", guarded, c.serveChannels)
	c.handle("GET /api/channels/{name}", ticketed, c.serveChannel)
	c.handle(inputPattern, guarded, c.postChannel)
	c.handle("GET /api/openapi.json", guarded, serveOpenAPI())
	c.handle("POST /api/ticket", guarded, c.serveTicket)
	c.handle("GET /metrics", guarded, newMetrics(c))
	c.handle("GET /healthz", open, c.serveHealth)
	c.handle("GET /readyz", open, c.serveReady)
	if c.Pprof {
		c.addProfiles()
	}
}

// handle adds a route. It panics without a policy.
func (c *Control) handle(pattern string, p policy, h http.HandlerFunc) {
	if p == undeclared {
		panic("control: the route " + pattern + " does not say who may ask for it")
	}
	c.policies[pattern] = p
	c.routes.HandleFunc(pattern, h)
}
