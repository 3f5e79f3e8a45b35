package libwebsocketd

import (
	"os"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/paths"
	"websocketd/libwebsocketd/listen"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/stdio"
	"websocketd/libwebsocketd/ws"
)

// What a conversation is made of: see package bridge.
type (
	Kind         = bridge.Kind
	Message      = bridge.Message
	Endpoint     = bridge.Endpoint
	Tally        = bridge.Tally
	Traffic      = bridge.Traffic
	Broadcast    = bridge.Broadcast
	Listener     = bridge.Listener
	Confirmer    = bridge.Confirmer
	Delivery     = bridge.Delivery
	Note         = bridge.Note
	Chunk        = bridge.Chunk
	EndedError   = bridge.EndedError
	CloseWith    = bridge.CloseWith
	CloseError   = bridge.CloseError
	RefusedError = bridge.RefusedError
)

// ChunkCost is bridge.ChunkCost.
const ChunkCost = bridge.ChunkCost

// The two sides: see packages stdio and ws.
type (
	ProcessEndpoint   = stdio.Endpoint
	WebSocketEndpoint = ws.Endpoint
	Framing           = stdio.Framing
	Newlines          = stdio.Newlines
)

// Kinds of messages.
const (
	Text     = bridge.Text
	Binary   = bridge.Binary
	Verbatim = bridge.Verbatim
)

// Framings, and what becomes of newlines.
const (
	FramingLine    = stdio.FramingLine
	FramingRaw     = stdio.FramingRaw
	FramingNull    = stdio.FramingNull
	FramingLength  = stdio.FramingLength
	FramingLSP     = stdio.FramingLSP
	FramingNDJSON  = stdio.FramingNDJSON
	NewlinesPass   = stdio.NewlinesPass
	NewlinesEscape = stdio.NewlinesEscape
	NewlinesReject = stdio.NewlinesReject
)

// Who a client is: see package gate.
type (
	Identity    = gate.Identity
	Credential  = gate.Credential
	Credentials = gate.Credentials
)

// Rate is how often something may happen: see package gate.
type Rate = gate.Rate

// Close codes: see package bridge.
const (
	CloseNormal          = bridge.CloseNormal
	CloseGoingAway       = bridge.CloseGoingAway
	CloseProtocolError   = bridge.CloseProtocolError
	CloseUnsupportedData = bridge.CloseUnsupportedData
	CloseNoStatus        = bridge.CloseNoStatus
	CloseAbnormal        = bridge.CloseAbnormal
	CloseInvalidPayload  = bridge.CloseInvalidPayload
	ClosePolicyViolation = bridge.ClosePolicyViolation
	CloseMessageTooBig   = bridge.CloseMessageTooBig
	CloseInternalError   = bridge.CloseInternalError
	CloseServiceRestart  = bridge.CloseServiceRestart
	CloseTryAgainLater   = bridge.CloseTryAgainLater
	CloseExitStatus      = bridge.CloseExitStatus
	CloseSignal          = bridge.CloseSignal
	CloseTakenOver       = bridge.CloseTakenOver
)

// Levels of the log: see package logging.
const (
	LevelDebug  = logging.LevelDebug
	LevelTrace  = logging.LevelTrace
	LevelAccess = logging.LevelAccess
	LevelInfo   = logging.LevelInfo
	LevelError  = logging.LevelError
	LevelFatal  = logging.LevelFatal
	CategoryKey = logging.CategoryKey
)

// Errors: see packages bridge and ws.
var (
	ErrGoingAway = bridge.ErrGoingAway
	ErrTooSlow   = ws.ErrTooSlow
)

// PipeEndpoints calls bridge.Pipe.
func PipeEndpoints(program, client Endpoint) Traffic { return bridge.Pipe(program, client) }

// NewChunk calls bridge.NewChunk.
func NewChunk(batch []Message) *Chunk { return bridge.NewChunk(batch) }

// Closing calls bridge.Closing.
func Closing(cause error) (code int, reason string) { return bridge.Closing(cause) }

// IsEnd calls bridge.IsEnd.
func IsEnd(cause error) bool { return bridge.IsEnd(cause) }

// ParseRate calls gate.ParseRate.
func ParseRate(text string) (Rate, error) { return gate.ParseRate(text) }

// ParseSocketMode calls listen.ParseSocketMode.
func ParseSocketMode(text string) (os.FileMode, error) { return listen.ParseSocketMode(text) }

// LookupSocketGroup calls listen.LookupSocketGroup.
func LookupSocketGroup(group string) (int, error) { return listen.LookupSocketGroup(group) }

// IsAbstractSocket calls listen.IsAbstractSocket.
func IsAbstractSocket(path string) bool { return listen.IsAbstractSocket(path) }

// ReadRegular calls paths.ReadRegular.
func ReadRegular(name string) ([]byte, error) { return paths.ReadRegular(name) }
