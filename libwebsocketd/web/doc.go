// Package web has what is built into the program for browsers: the page of the console, what
// such a page is served with, and the client that pages load.
package web
