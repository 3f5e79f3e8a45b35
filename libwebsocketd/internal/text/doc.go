// Package text makes any bytes fit to be shown: it makes them valid UTF-8, cuts them
// between characters, and quotes what a stranger sent.
package text
