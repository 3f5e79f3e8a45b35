// Package js has the browser client as it is served, for package web.
package js

import "embed"

// Bundle has the files that pages load, in the folder dist.
//
//go:embed dist/*.js dist/*.mjs
var Bundle embed.FS
