package libwebsocketd

import "time"

// Measurer is an Observer that is told more, for figures. The same holds for its methods as
// for those of an Observer.
type Measurer interface {
	Observer

	// Took is called now and then with how long a client took for a batch of a program's
	// output: from when it was read from the program, or from what a Lifetime keeps, until
	// the client's socket had it. It is called at most ten times a second for each
	// conversation.
	Took(program string, took time.Duration)

	// ForkRefused is called when a process was not started because as many run as may (see
	// MaxForks). It may have been for no client.
	ForkRefused(program string)
}

// measure has a Measurer told how long x's client takes for its output.
func (s *Server) measure(x *session) {
	if m, ok := s.cfg.Observer.(Measurer); ok {
		x.moved.Took = func(took time.Duration) { m.Took(x.about.Program, took) } // tellOf is over, if it is called at all
	}
}

// observeFull tells a Measurer that there was no slot for a process of p.
func (s *Server) observeFull(p *program) {
	if m, ok := s.cfg.Observer.(Measurer); ok {
		m.ForkRefused(p.Name)
	}
}
