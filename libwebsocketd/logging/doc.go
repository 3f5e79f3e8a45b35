// Package logging defines the levels and categories of the log, which are those of the
// older tool.
package logging
