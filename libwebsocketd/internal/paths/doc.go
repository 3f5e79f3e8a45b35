// Package paths answers questions about paths of URLs and of files: clean, hidden,
// inside of a directory, executable, regular.
package paths
