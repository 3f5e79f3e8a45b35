// Package logging has the levels and categories of the log, which are the older tool's.
package logging
