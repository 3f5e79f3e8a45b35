// Package completion writes what makes a shell complete the words of a command: scripts for bash,
// zsh and fish. They come from a description of the command, which its grammar is turned into, so
// that they name what it takes and nothing else.
//
// All of them know where a word stands (a place: the command itself, or one of its words, as
// "ctl/logs"), which flags may stand there, and what the value of each is. Two rules are those of
// the command: flags end at the first word of COMMAND, whose own completion goes on from there; and
// after a word of the command's they may stand anywhere.
package completion
