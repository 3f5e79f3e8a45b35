// Package libwebsocketd turns anything with a stdin and a stdout into a WebSocket
// server. It is the core of the command websocketd, and can be mounted in a program's
// own mux:
//
//	server, err := libwebsocketd.New(libwebsocketd.Config{Command: []string{"./count.sh"}})
//	if err != nil { ... }
//	defer server.Shutdown(context.Background())
//	http.Handle("/count", server)
//
// or serve by itself, with Listen and Serve or with StartAsync.
//
// This package is the server. The two sides of a conversation and the bridge between
// them stand below it, in packages bridge, stdio (the program) and ws (the client), with
// their laws. Names of theirs that an embedder needs are repeated in api.go.
//
// # The way of a request
//
//	request -> route -> admit -> launch -> upgrade -> Pipe -> ending
//
//	handler.go   ServeHTTP: every check in its order, then the conversation
//	remote.go    the client it comes from, of whom a trusted proxy tells
//	admit.go     Host, handshake, origin, credentials
//	prove.go     a ticket, the cookie of a login (login.go), or credentials
//	limits.go    what one address may have, and start
//	route.go     the program for a path; script.go for --dir
//	request.go   what was let in, and Open: the program's side for it
//	call.go      a program by its name or at another path, for who was let in; params.go:
//	             what callers may give it
//	launch.go    starting a process; slots.go and prefork.go: its slots, or one started ahead
//	ws/upgrade.go, then session.go: bridge.Run between two lines of the log
//	refuse.go    every answer to a request that is not served
//
// A process is started before the 101, so that a failure to start is an HTTP status.
// Everything that can be refused without a process is refused before.
//
// A Server is three things: life.go has what is waited for at the end, routes.go the
// programs and what their processes are started with, server.go the front. The routes
// are immutable. [Server.Reload] publishes others, which the next request sees, under a
// lock of its own. It calls Lifetime.Serve and Supervisor.Retire with that lock held:
// they may use their Runtime, and must not call Reload or Shutdown, nor wait for a
// goroutine that does.
//
// # Doors
//
// What a conversation is made of can come from elsewhere. The server knows no more of
// that than an interface:
//
//   - Lifetime, with its Supervisor (supervisor.go), opens the program's side: not a
//     process of the client's own but, say, one that many clients share. If it is a
//     bridge.Broadcast, its output is framed once for all of them.
//   - Face (request.go) serves clients that make no WebSocket handshake. It is asked
//     after the route, with the program, and the first one that speaks the protocol has
//     the request. A Supervisor that is a Face is asked first, about its own programs: a
//     document of its state, a DELETE.
//   - Stater (state.go) is a Supervisor that tells a client what it keeps, before the
//     client connects: GET ?state.
//   - Teller (supervisor.go) is a Supervisor that tells an operator whether its program works.
//   - Usher (usher.go) is a Supervisor that sees requests for the page at its program's
//     path, a static file, before they are answered: lifetime session gives it a cookie.
//   - Dialect (dialect.go) is a protocol over WebSocket, chosen by subprotocol or by path
//     before a program is opened. It has the upgraded connection in its hands, and both
//     kinds of messages. It opens programs by Request.Open, others by Request.At, and
//     starts processes by Request.Runtime. Its pings may have a payload (ws.Endpoint.Ping,
//     Acceptance.Pong). If its clients name their program in the conversation, it is a
//     NamesPrograms: whoever may reach some program is let in, and Request.Named checks
//     again, for the program of the name. Request.StartProcess starts a process of it, with
//     parameters that Request.CheckParams has found good, and Request.Converse bridges it
//     and the client: the log, Conversations and the Observer tell of the program then.
//     ws.Endpoint.Adopt gives the client its rate.
//   - Server.Mount (mount.go) has an http.Handler serve a path, after Host, origin and
//     credentials. Config.Mounts has functions do so that get a Request, which leads to
//     programs by name as that of a NamesPrograms does. Request.Go starts what goes on after
//     the answer, and Request.Context is done when that must end. Request.For is a later
//     request for the same program, by the rules that this has then; Mounted.Conceal keeps a secret in a URL out of the log.
//   - Runtime.StartFor starts a process with arguments, and with the environment of the
//     client that asks for it. stdio.Endpoint.Signal and CloseBy signal it, and end it by
//     another ladder than the usual one.
//   - Attach.Header and Request.Header are the header of the answer to come, be it a 101,
//     a 200 or a stream; gate.Refusal.Header that of a refusal.
//   - bridge.Confirmer is a Broadcast that hears which messages a client has, and that it
//     was told the end. That is more than what its system has acknowledged, which is
//     bridge.Listener.BytesAcked. WebSocket clients tell by pongs (ws/receipts.go), those
//     of plain HTTP by less (exchange/receipts.go); one of a Dialect may have its own way.
//   - gate.Credential is a kind of proof of who a client is; Config.Credentials has those
//     of a server. REMOTE_USER, AUTH_TYPE, the log and Conversations have the user.
//   - Request.Ticket makes, and Request.Redeem takes, a ticket for what a Lifetime keeps:
//     it is good once, and proves the identity of its maker besides.
//   - Server.Conversations lists what goes on, with counts, and Server.Programs what is
//     served; Server.Kick ends one, Server.EndProgram all of a program, for which a
//     Supervisor is an Ender (end_program.go).
//     Config.Observer is told of every beginning and end. What moves is counted by two
//     atomic additions a batch, whether anyone reads them or not. An Observer that is a
//     Measurer is told how long clients take for output, too: ten times a second for each
//     at most, with a look at the clock for one batch in sixty-four where there are many.
//
// # The console
//
// With Config.Console the server has a page to try programs with (console.go; the page
// itself is in package web). What a WebSocket cannot carry to it comes over a second one,
// which pipes a pageFeed to the page (console_feed.go). A handshake of the page carries
// the feed's mark. Whatever else is known of that connection is in an onlooker
// (console_onlooker.go), which is nil for every other client and costs nothing then. It
// listens to the log.
//
// # Goroutines
//
// Whoever starts a goroutine waits for it. Those of a conversation stand in packages
// bridge, stdio and ws.
//
//	goroutine                started by          ends when             waited for by
//	the conversation         serveHandshake      its session is over   Server.Shutdown
//	a dialect                serveHandshake      Serve returns         Server.Shutdown
//	a feed of the console    serveFeed           Pipe returns          Server.Shutdown
//	what a Supervisor starts Runtime.Go          it returns            Server.Shutdown
//	what a Request starts    Request.Go          it returns            Server.Shutdown
//	telling a kicked client  Kick, EndProgram    it was told           Server.Shutdown
//	serving                  StartAsync          Serve returns         Server.Shutdown
//	issuing certificates     New                 the server goes away  Server.Shutdown
//	reverse lookup           rdns.Names          it timed out          Server.Shutdown
//	filling the pool         newPool             Pool.Close            Pool.Close
//	ending the pool          Shutdown or Reload  its processes ended   Server.Shutdown
package libwebsocketd
