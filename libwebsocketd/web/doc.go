// Package web has the pages that are built into the program. Today that is the console.
package web
