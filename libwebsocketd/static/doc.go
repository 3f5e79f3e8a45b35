// Package static serves the files of a directory, and nothing outside it.
package static
