// Package text makes any bytes fit to be shown: valid UTF-8, cut between characters,
// and quoted where a stranger sent them.
package text
