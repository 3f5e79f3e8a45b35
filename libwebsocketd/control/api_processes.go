package control

import (
	"errors"
	"net/http"
	"time"

	"websocketd/libwebsocketd/manager"
)

// processDocument is the document about an instance of a supervised program: what PMDaemon
// documents, and what its answers, which have PM2's shape, have besides.
type processDocument struct {
	processInfo
	Namespace  string    `json:"namespace"`
	Command    []string  `json:"command"`
	CreatedAt  time.Time `json:"created_at"`
	CPUUsage   float64   `json:"cpu_usage"`
	MemUsage   int64     `json:"memory_usage"`
	PMID       int       `json:"pm_id"`
	InstanceID int       `json:"instance_id"`
	RestartNo  int       `json:"restart_time"`
	ExecMode   string    `json:"exec_mode"`
	Monit      monit     `json:"monit"`
	PM2        pm2       `json:"pm2_env"`
}

type monit struct {
	Memory int64   `json:"memory"`
	CPU    float64 `json:"cpu"`
}

type pm2 struct {
	Status    string `json:"status"`
	Restarts  int    `json:"restart_time"`
	Began     int64  `json:"pm_uptime"`  // milliseconds since 1970; 0: there is no process
	Created   int64  `json:"created_at"` // likewise
	ExecMode  string `json:"exec_mode"`
	Namespace string `json:"namespace"`
	Instance  int    `json:"NODE_APP_INSTANCE"`
}

// execMode is the exec_mode of every program: it is a process of its own.
const execMode = "fork_mode"

func documentOf(about *manager.Info, now time.Time) processDocument {
	d := processDocument{
		processInfo: infoOf(about, now), Namespace: about.Namespace, Command: append([]string{}, about.Command...), CreatedAt: about.Created.UTC(),
		PMID: about.ID, InstanceID: about.Instance, RestartNo: about.Restarts, ExecMode: execMode,
	}
	d.CPUUsage, d.MemUsage = d.CPU, d.Memory
	d.Monit = monit{d.Memory, d.CPU}
	d.PM2 = pm2{string(about.Status), about.Restarts, 0, about.Created.UnixMilli(), execMode, about.Namespace, about.Instance}
	if !about.Began.IsZero() {
		d.PM2.Began = about.Began.UnixMilli()
	}
	return d
}

// documents returns the documents about instances, those that keep has.
func documents(infos []manager.Info, keep func(about *manager.Info) bool) []processDocument {
	all, now := []processDocument{}, time.Now()
	for i := range infos {
		if keep(&infos[i]) {
			all = append(all, documentOf(&infos[i], now))
		}
	}
	return all
}

// wrapped is an answer as PMDaemon has it.
type wrapped struct {
	Success bool   `json:"success"`
	Data    any    `json:"data,omitempty"`
	Meta    any    `json:"meta,omitempty"`
	Message string `json:"message,omitempty"`
}

// listed is the meta of a list.
type listed struct {
	Total     int     `json:"total"`
	Namespace *string `json:"namespace"` // that was asked for; null is all
}

// serveProcesses answers with the instances of all supervised programs, or of those of a namespace,
// a status and a name.
func (c *Control) serveProcesses(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	has := func(key, value string) bool { return !query.Has(key) || query.Get(key) == value }
	all := documents(c.Programs.List(), func(about *manager.Info) bool {
		return has("namespace", about.Namespace) && has("status", string(about.Status)) && (has("name", about.Program) || has("name", about.Name))
	})
	meta := listed{Total: len(all)}
	if query.Has("namespace") {
		namespace := query.Get("namespace")
		meta.Namespace = &namespace
	}
	answer(w, wrapped{Success: true, Data: all, Meta: meta})
}

// serveProcess answers with an instance, or with all of a program that has several.
func (c *Control) serveProcess(w http.ResponseWriter, r *http.Request) {
	found, err := c.Programs.Find(r.PathValue("name"))
	if err != nil {
		answerFailure(w, err)
		return
	}
	all := documents(found, func(*manager.Info) bool { return true })
	if len(all) == 1 {
		answer(w, wrapped{Success: true, Data: all[0]})
		return
	}
	answer(w, wrapped{Success: true, Data: all, Meta: listed{Total: len(all)}})
}

// statuses are those of an answer that something was not done, by its code.
var statuses = map[string]int{
	manager.CodeNotFound:  http.StatusNotFound,
	manager.CodeExists:    http.StatusConflict,
	manager.CodeInvalid:   http.StatusBadRequest,
	manager.CodeOperation: http.StatusBadRequest,
	codeInvalidAction:     http.StatusNotFound,
	codeForbidden:         http.StatusForbidden,
}

// failure is an answer that something was not done.
type failure struct {
	Success bool   `json:"success"` // false
	Error   string `json:"error"`   // a sentence
	Message string `json:"message"` // the same
	Code    string `json:"code"`
}

// answerFailure answers why something was not done.
func answerFailure(w http.ResponseWriter, err error) {
	known := new(manager.Error)
	if !errors.As(err, &known) {
		known = &manager.Error{Code: manager.CodeOperation, Message: err.Error()}
	}
	answerWith(w, statuses[known.Code], failure{Error: known.Message, Message: known.Message, Code: known.Code})
}

// serveSystem answers with the figures of the machine.
func (c *Control) serveSystem(w http.ResponseWriter, _ *http.Request) {
	answer(w, wrapped{Success: true, Data: map[string]any{"system": c.systemDocument()}})
}

// systemDocument is the machine in the answers, which PMDaemon has in another shape than in events.
func (c *Control) systemDocument() map[string]any {
	s := c.Programs.System()
	m := systemMetricsOf(s)
	return map[string]any{
		"cpu": m.CPU.Usage, "cores": m.CPU.Cores, "load_average": s.Load, "uptime": int64(time.Since(c.began).Seconds()),
		"memory":    map[string]any{"used": m.Memory.Used, "total": m.Memory.Total, "available": m.Memory.Available, "percentage": m.Memory.UsedPercent},
		"timestamp": time.Now().UTC().Format(time.RFC3339),
	}
}

// serveStatus answers with everything at once.
func (c *Control) serveStatus(w http.ResponseWriter, _ *http.Request) {
	infos := c.Programs.List()
	ports, online := map[string]int{}, 0
	for i := range infos {
		if infos[i].Port > 0 {
			ports[infos[i].Name] = infos[i].Port
		}
		if infos[i].Status == manager.Online {
			online++
		}
	}
	answer(w, wrapped{
		Success: true,
		Data: map[string]any{
			"processes": documents(infos, func(*manager.Info) bool { return true }), "system": c.systemDocument(), "ports": ports,
		},
		Meta: map[string]any{"total": len(infos), "online": online, "version": c.Version, "timestamp": time.Now().UTC().Format(time.RFC3339)},
	})
}
