// Package session is lifetime session: a process that outlives the connections of its
// clients. A client that comes back gets what it missed, and goes on.
//
//	Open -> supervisor: the session of the URL or of the cookie, or a new one -> Attachment
//	Registry: what sessions there are, of all programs; Face: POST, GET and DELETE about one
//
// The process, the record of its output and its viewers are a shared.Hub, for which see the
// law in package shared.
//
// # The law of a session
//
//   - A session is one process and one record: message N is the Nth that the process has
//     said. Nothing is added to the messages, so a client that counts them can say what it
//     has: after=N.
//
//   - What no client has confirmed is kept. Half of the history may be unconfirmed; then
//     the process waits. What is confirmed is kept as well until room is needed, for a page
//     that is loaded again.
//
//   - Clients of a WebSocket confirm by answering numbered pings, other clients by what
//     their system has acknowledged (bridge.Confirming), and every client by after=N. While
//     the program takes no input, the pongs stand behind that; then what the client's
//     system has acknowledged counts, so that the two do not wait for each other.
//
//   - A session ends when no client has been attached for Resume, by DELETE, when the
//     server shuts down, or with its process. After the process's own end it is kept until
//     some client was told how it ended, and for Resume at most. Of clients of plain HTTP
//     that is never sure, since a proxy may have taken what they never got: it is kept on.
//     Its number and its place are free when no client can come back.
//
//   - A session's id is no secret: it stands in URLs. What opens it is its secret, in a
//     cookie or as a Bearer token, or a ticket, which opens it once within 30 seconds. Only
//     hashes of them are kept. Programs, the log and URLs never see the secret.
//
//   - Where clients are known, a session is its maker's, who opens it by its id. For other
//     users there is none of that id.
//
//   - A browser keeps the passes of up to eight sessions of a program, in one cookie or,
//     with a URL for each session, in one for each. The page at the program's path gets
//     one that only promises a session (reservation.go): the process is started for the
//     first client, so that looking at the page costs nothing.
//
//   - A program that is restarted (Watch) goes on in the same record. A WebSocket is closed
//     with 1012, because a note between its messages would be counted by the client; it
//     comes back with after=N.
//
// The package starts no goroutine that stays: Lift starts one for each session of a protocol, and waits for
// them. That of a session's hub is waited for by Server.Shutdown.
package session
