// Package autocert has certificates issued, and renewed, by an authority that speaks ACME
// (RFC 8555), as Let's Encrypt does.
//
//	issuer, err := autocert.New(autocert.Options{Names: []string{"a.example"}, Dir: dir})
//	server, err := libwebsocketd.New(libwebsocketd.Config{Issuer: issuer, ...})
//
// # The law of issuing
//
//   - Nothing that a client does has a certificate issued: Run alone does, for the names of the
//     Options, one after the other. A handshake for another name, or for one that has no
//     certificate yet, fails at once.
//   - The authority asks for a proof that the name is this server's: by a TLS handshake on port
//     443 (RFC 8737), and if that fails by plain HTTP on port 80 (RFC 8555 section 8.3), if there
//     is somebody who answers that.
//   - A certificate is renewed when a third of its time is left, or thirty days; after that it
//     stays in use until another takes its place.
//   - What fails is tried again in five minutes, then in pauses that double, up to an hour, and
//     not before the authority says so: it counts what fails, and refuses everything for a time
//     if that is too much.
//
// # The law of files
//
// Each authority has a directory of its own below Options.Dir, with the key of the account and a
// file for each name: the key, then the chain, PEM. A file is replaced as a whole. What another
// server has put there meanwhile is used, if it is good, instead of another certificate.
//
//	goroutine   started by        ends when                           waited for by
//	Run         a Server's New    its context is done                 Server.Shutdown
package autocert
