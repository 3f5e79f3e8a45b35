// Package credential has the kinds of proof of who a client is, one file each: a password,
// a token, a JSON Web Token, the answer of a command, a header of a trusted proxy, a
// certificate. Each is a gate.Credential. What they know comes from files, which are read
// again when they change.
package credential
