// Package static serves the files of a directory, and nothing outside it, or those of an
// fs.FS by the same rules.
package static
