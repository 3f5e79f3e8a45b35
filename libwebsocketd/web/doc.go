// Package web has what is built into the program for browsers: the page of the console, and
// the client that pages load.
package web
