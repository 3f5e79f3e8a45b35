package cli

import "io/fs"

// distrusted returns "": who may write a file is not among its bits here.
func distrusted(fs.FileInfo) string { return "" }
