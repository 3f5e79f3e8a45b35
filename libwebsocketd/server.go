package libwebsocketd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/exchange"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/internal/rdns"
	"websocketd/libwebsocketd/listen"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/static"
	"websocketd/libwebsocketd/web"
)

const (
	headerWait = 10 * time.Second  // for the headers of a request
	idleWait   = 120 * time.Second // for the next request on a connection

	// receiveBuffer is what a connection of HTTP/2 holds of bodies that were not read yet.
	receiveBuffer = 64 << 10
	// mostFrame is what it holds of a frame that has not come whole: the smallest limit
	// that is allowed (RFC 9113 section 4.2).
	mostFrame = 16 << 10

	killAgain  = 50 * time.Millisecond // between searches for what a forced Shutdown has missed
	killedWait = 5 * time.Second       // for what a forced Shutdown has ended
)

// Server bridges WebSocket clients and processes. It is an http.Handler, to be mounted in
// a server of the caller's; without one, use Listen and Serve, or StartAsync. Shutdown must
// be called at the end in all cases.
type Server struct {
	life     // what is waited for at the end
	programs // what is served

	// The front: everything between a connection and a program.
	cfg   Config
	conns *conns
	limits
	memory   *gate.Budget // of messages that have not come whole
	gzip     *exchange.Gzip
	proxies  *gate.Proxies // nil without TrustedProxies
	lookup   *rdns.Names   // nil without ReverseLookup
	logins   *gate.Logins
	anyone   *gate.Access // whoever has a credential; nil if there is no kind of them
	ids      uniqueIDs
	turn     atomic.Bool   // the one client of Once has come
	mounts   http.ServeMux // see Mount
	mounted  atomic.Bool   // mounts is not empty
	upgrades atomic.Bool   // some of mounts may upgrade
	static   *static.Files // nil without StaticDir and Static
	client   *web.Client   // the script for browsers
	console  *console      // nil without Console
	http     *http.Server
	second   *http.Server         // for RedirectPort: only redirects
	certs    *listen.Certificates // nil without TLS
	brake    listen.Brake
}

// New checks cfg and returns a Server. The error names the field at fault.
func New(cfg Config) (*Server, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	s := &Server{
		programs: programs{log: cfg.Logger, launcher: cfg.Launcher, slots: gate.NewSlots(cfg.MaxForks)},
		cfg:      cfg,
		conns:    newConns(cfg.MaxConns, cfg.mostHeld(), cfg.Logger),
		limits:   newLimits(&cfg),
		memory:   gate.NewBudget(cfg.MaxMemory),
		gzip:     exchange.NewGzip(cfg.mostHeld()),
		logins:   gate.NewLogins(),
	}
	s.anyone = cfg.Credentials.Anyone()
	s.proxies, _ = gate.NewProxies(cfg.TrustedProxies, cfg.ForwardedHeader) // checked
	s.life.init()
	if cfg.ReverseLookup {
		s.lookup = rdns.New(s.ctx, &s.running)
	}
	if err := s.furnish(); err != nil {
		return nil, err
	}
	if err := s.furnishPrograms(); err != nil {
		return nil, err
	}
	s.http.HTTP2.WriteByteTimeout = max(2*s.own.PingInterval, 0) // a stream has a clock, what is common to all has not
	if cfg.Issuer != nil {
		s.running.Go(func() { cfg.Issuer.Run(s.ctx) })
	}
	return s, nil
}

// furnish makes the parts of the front, and a launcher if cfg has none.
func (s *Server) furnish() (err error) {
	switch {
	case s.cfg.StaticDir != "":
		s.static = static.New(s.cfg.StaticDir, s.cfg.CGIDir)
	case s.cfg.Static != nil:
		s.static = static.NewFS(s.cfg.Static)
	}
	if s.static != nil {
		s.static.Memory = s.listingMemory
	}
	for _, m := range s.cfg.Mounts {
		s.mount(m.Pattern, mounted{face: m.Serve, isPage: m.IsPage})
	}
	s.client = web.NewClient()
	if s.cfg.Console {
		s.console = newConsole(s)
	}
	s.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerWait,
		IdleTimeout:       idleWait,
		MaxHeaderBytes:    s.cfg.headerBytes(),
		HTTP2:             &http.HTTP2Config{MaxReadFrameSize: mostFrame, MaxReceiveBufferPerConnection: receiveBuffer, MaxReceiveBufferPerStream: receiveBuffer},
		ErrorLog:          s.cfg.ErrorLog,
		ConnState:         s.conns.note,
		ConnContext:       withConn,

		DisableGeneralOptionsHandler: true,
	}
	s.second = newRedirect(s)
	if s.cfg.WantsTLS() {
		s.certs, err = listen.NewCertificates(s.cfg.TLSCert, s.cfg.TLSKey, s.cfg.TLSClientCA, s.cfg.issue(), greeted, func(err error) {
			logging.At(s.cfg.Logger, logging.LevelError, "server", err.Error())
		})
		if err != nil {
			return err
		}
		s.http.TLSConfig = s.certs.ServerConfig()
	}
	if s.launcher == nil {
		s.ownsIt = true
		s.launcher, err = process.NewLauncher(process.LauncherOptions{})
	}
	return err
}

// Serve accepts connections on every listener until Shutdown, and closes them.
// It returns nil after Shutdown, else the first listener's error.
func (s *Server) Serve(listeners ...net.Listener) error {
	results := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { results <- s.serve(l) }()
	}
	var first error
	for range listeners {
		err := <-results
		if !errors.Is(err, http.ErrServerClosed) && first == nil {
			first = fmt.Errorf("serve: %w", err)
			s.http.Close() // Serve fails, so the other listeners are closed too
			s.second.Close()
		}
	}
	return first
}

func (s *Server) serve(l net.Listener) error {
	_, elsewhere := l.(redirectListener)
	l = weighing{s.brake.Listener(s.ctx, Bare(l), http.ErrServerClosed), s.conns}
	switch {
	case elsewhere:
		return s.second.Serve(l)
	case s.cfg.WantsTLS():
		return s.http.ServeTLS(l, "", "")
	}
	return s.http.Serve(l)
}

// Shutdown stops accepting, ends every process by the ladder, delivers its last output,
// sends every client 1001, and returns when the last session is gone. If ctx is done
// first, it kills the remaining processes, breaks every connection, and returns ctx's
// error. A function of the caller's, such as a pow.Func, cannot be killed: if one still runs
// 5 s later, Shutdown returns all the same, and what waits for the function ends with it.
func (s *Server) Shutdown(ctx context.Context) error {
	s.close()
	s.goAway(bridge.ErrGoingAway)
	s.second.Close()
	err := s.http.Shutdown(ctx)
	if waitErr := s.wait(ctx); err == nil {
		err = waitErr
	}
	if s.certs != nil {
		s.certs.Finish(ctx)
	}
	if s.ownsIt {
		s.launcher.Close()
	}
	return err
}

// close refuses everything from now on, and ends the processes that were started ahead.
func (s *Server) close() {
	first := s.life.close()
	s.reloading.Lock()
	if first {
		for _, p := range s.routes.Load().programs {
			s.running.Go(p.pool.Close)
		}
	}
	s.reloading.Unlock()
	s.conns.close()
}

// wait returns when no session remains. When ctx is done it kills and breaks them all, and
// waits for killedWait at most.
func (s *Server) wait(ctx context.Context) error {
	done := s.ended()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.http.Close()
	s.launcher.KillAll()
	s.breakAll()
	again := time.NewTicker(killAgain)
	defer again.Stop()
	enough := time.NewTimer(killedWait)
	defer enough.Stop()
	for {
		select {
		case <-done:
			return ctx.Err()
		case <-enough.C:
			return ctx.Err()
		case <-again.C: // processes that were being started at that moment
			s.launcher.KillAll()
		}
	}
}
