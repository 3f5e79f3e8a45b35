package gate

import (
	"cmp"
	"encoding/json"
	"net/http"

	"websocketd/libwebsocketd/internal/text"
)

// Kind is the name by which a program tells refusals apart. It keeps its meaning and its status;
// doc/refusals.md has a line for each.
type Kind string

// The kinds. Those of a Status that has but one need not be set.
const (
	KindBadRequest    Kind = "bad-request"
	KindCredentials   Kind = "credentials"
	KindLogin         Kind = "login"
	KindNoInput       Kind = "no-input"
	KindNoProof       Kind = "no-proof"
	KindNotExecutable Kind = "not-executable"
	KindOrigin        Kind = "origin"
	KindSecret        Kind = "secret"
	KindUser          Kind = "user"
	KindNotFound      Kind = "not-found"
	KindMethod        Kind = "method"
	KindNotAcceptable Kind = "not-acceptable"
	KindSlow          Kind = "slow"
	KindSessionTaken  Kind = "session-taken"
	KindGone          Kind = "gone"
	KindTooLarge      Kind = "too-large"
	KindURLTooLong    Kind = "url-too-long"
	KindHost          Kind = "host"
	KindHandshake     Kind = "handshake"
	KindAddress       Kind = "address"
	KindMemory        Kind = "memory"
	KindProcesses     Kind = "processes"
	KindSessions      Kind = "sessions"
	KindStarts        Kind = "starts"
	KindWrongProofs   Kind = "wrong-proofs"
	KindHeaders       Kind = "headers"
	KindFailed        Kind = "failed"
	KindAnswerMemory  Kind = "answer-memory"
	KindClientLeft    Kind = "client-left"
	KindConnections   Kind = "connections"
	KindConsoles      Kind = "consoles"
	KindGoingAway     Kind = "going-away"
	KindNoProcess     Kind = "no-process"
	KindNoResources   Kind = "no-resources"
	KindOnce          Kind = "once"
	KindUnchecked     Kind = "unchecked"
)

// kinds has the status of each kind and what it says in short, whatever the occasion.
var kinds = map[Kind]struct {
	status int
	title  string
}{
	KindBadRequest:    {http.StatusBadRequest, "The request is not understood"},
	KindCredentials:   {http.StatusUnauthorized, "Credentials are needed"},
	KindLogin:         {http.StatusForbidden, "These credentials begin no login"},
	KindNoInput:       {http.StatusForbidden, "The program takes no messages from here"},
	KindNoProof:       {http.StatusForbidden, "A certificate, or a proxy, must say who the client is"},
	KindNotExecutable: {http.StatusForbidden, "The program may not be executed"},
	KindOrigin:        {http.StatusForbidden, "Pages of this origin are not let in"},
	KindSecret:        {http.StatusForbidden, "The secret or the ticket is not right"},
	KindUser:          {http.StatusForbidden, "This user is not let in"},
	KindNotFound:      {http.StatusNotFound, "There is nothing here"},
	KindMethod:        {http.StatusMethodNotAllowed, "The method is not for this"},
	KindNotAcceptable: {http.StatusNotAcceptable, "There is no answer in the form that is asked for"},
	KindSlow:          {http.StatusRequestTimeout, "The request did not come in time"},
	KindSessionTaken:  {http.StatusConflict, "Another client has the session"},
	KindGone:          {http.StatusGone, "What is asked for has gone"},
	KindTooLarge:      {http.StatusRequestEntityTooLarge, "The message is too large"},
	KindURLTooLong:    {http.StatusRequestURITooLong, "The URL is too long for a program"},
	KindHost:          {http.StatusMisdirectedRequest, "The server does not have this name"},
	KindHandshake:     {http.StatusUpgradeRequired, "A WebSocket handshake is needed"},
	KindAddress:       {http.StatusTooManyRequests, "This address has enough going on"},
	KindMemory:        {http.StatusTooManyRequests, "There is no memory for the message now"},
	KindProcesses:     {http.StatusTooManyRequests, "There are enough processes"},
	KindSessions:      {http.StatusTooManyRequests, "There are enough sessions"},
	KindStarts:        {http.StatusTooManyRequests, "Processes are started too often"},
	KindWrongProofs:   {http.StatusTooManyRequests, "Too many wrong credentials came from this address"},
	KindHeaders:       {http.StatusRequestHeaderFieldsTooLarge, "The headers are too large for a program"},
	KindFailed:        {http.StatusInternalServerError, "The server or the program has failed"},
	KindAnswerMemory:  {http.StatusServiceUnavailable, "There is no memory for the answer now"},
	KindClientLeft:    {http.StatusServiceUnavailable, "The client has left"},
	KindConnections:   {http.StatusServiceUnavailable, "There are enough connections"},
	KindConsoles:      {http.StatusServiceUnavailable, "There are enough consoles"},
	KindGoingAway:     {http.StatusServiceUnavailable, "The server is going away"},
	KindNoProcess:     {http.StatusServiceUnavailable, "There is no process of this program now"},
	KindNoResources:   {http.StatusServiceUnavailable, "The system has no room for another process now"},
	KindOnce:          {http.StatusServiceUnavailable, "The server serves one client"},
	KindUnchecked:     {http.StatusServiceUnavailable, "Credentials cannot be checked now"},
}

// Status returns the status of all refusals of a kind, 0 if there is none.
func (k Kind) Status() int { return kinds[k].status }

// usual are the kinds of refusals that have none, by their status.
var usual = map[int]Kind{
	http.StatusBadRequest: KindBadRequest, http.StatusUnauthorized: KindCredentials, http.StatusNotFound: KindNotFound,
	http.StatusMethodNotAllowed: KindMethod, http.StatusNotAcceptable: KindNotAcceptable, http.StatusRequestTimeout: KindSlow,
	http.StatusGone: KindGone, http.StatusRequestEntityTooLarge: KindTooLarge, http.StatusRequestURITooLong: KindURLTooLong,
	http.StatusMisdirectedRequest: KindHost, http.StatusUpgradeRequired: KindHandshake,
	http.StatusRequestHeaderFieldsTooLarge: KindHeaders, http.StatusInternalServerError: KindFailed,
}

// problemBase is what the type of every problem begins with: the page that explains it, below a name
// that RFC 2606 keeps free. It is a name first (RFC 9457 section 3.1.1), and does not change with who
// publishes the page.
const problemBase = "https://websocketd.example/doc/refusals.md#"

// ProblemType is the media type of a problem (RFC 9457).
const ProblemType = "application/problem+json"

// problem is the body of an answer (RFC 9457 section 3).
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// Problem returns the refusal as a problem (RFC 9457), for a client that wants one.
func (r *Refusal) Problem() []byte {
	p := problem{Type: "about:blank", Title: http.StatusText(r.Status), Status: r.Status, Detail: r.Reason}
	kind := cmp.Or(r.Kind, usual[r.Status])
	if about, ok := kinds[kind]; ok {
		p.Type, p.Title = problemBase+string(kind), about.title
	}
	body, _ := json.Marshal(p) // of texts and a number
	return append(body, '\n')
}

// WantsProblem reports whether a client prefers a problem, or JSON, to text: by name, and not less
// than text. Whoever takes anything gets text.
func WantsProblem(r *http.Request) bool {
	accept := r.Header.Values("Accept")
	json := max(text.Weight(accept, ProblemType), text.Weight(accept, "application/json"))
	return json > 0 && json >= max(text.Weight(accept, "text/plain"), text.Weight(accept, "text/html"))
}

// Write answers a request with the refusal, as a problem or as text, whichever the client prefers.
// The further headers are the caller's to set.
func (r *Refusal) Write(w http.ResponseWriter, asked *http.Request) {
	w.Header().Add("Vary", "Accept") // also of a text: a cache may keep it
	if !WantsProblem(asked) {
		http.Error(w, r.Text(), r.Status)
		return
	}
	w.Header().Set("Content-Type", ProblemType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(r.Status)
	w.Write(r.Problem())
}
