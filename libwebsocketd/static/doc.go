// Package static serves the files of a directory, and nothing outside of it.
package static
