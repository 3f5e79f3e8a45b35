package libwebsocketd

import (
	"context"
	"net/http"

	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/after"
)

// limits are those of one address. Each is nil where it is not set, and costs nothing then.
type limits struct {
	seats  *gate.Seats  // of conversations, and of requests for programs
	starts *gate.Starts // of processes
}

func newLimits(cfg *Config) limits {
	return limits{gate.NewSeats(cfg.MaxPerIP), gate.NewStarts(cfg.SpawnRate, cfg.SpawnRateOfAll)}
}

// sit takes a seat for a request that is admitted, or refuses it.
func (from *remote) sit(seats *gate.Seats) (refusal *gate.Refusal) {
	from.seat, refusal = seats.Take(from.Addr)
	return refusal
}

// CountStart counts a process that a Supervisor is about to start for the client, or refuses
// it if there were too many (see Config.SpawnRate). One that is started again is not counted.
func (call *Attach) CountStart() *gate.Refusal {
	if call.Admitted == nil {
		return nil
	}
	return call.Admitted.countStart()
}

// countStart counts an attempt: one that finds no slot has cost as much.
func (req *Request) countStart() *gate.Refusal {
	return req.server.starts.Take(req.from.Addr)
}

// AwaitTurn returns when the client may send one more message by the request that w answers,
// or is gone or the server goes away (see Settings.MessageRate). Those messages count by
// address.
func (req *Request) AwaitTurn(w http.ResponseWriter) *gate.Refusal {
	turns := req.settings().messages
	if turns == nil {
		return nil
	}
	defer exchange.Ask(w, req.HTTP, req, req.Settings().PingInterval)()
	ctx, cancel := context.WithCancel(req.HTTP.Context())
	defer cancel()
	defer after.Done(req.server.ctx, cancel)()
	switch err := turns.Await(ctx, req.from.Addr); {
	case req.server.ctx.Err() != nil:
		return gate.GoingAway
	case err != nil:
		return newRefusalOf(gate.KindClientLeft, "the client has left")
	}
	return nil
}
