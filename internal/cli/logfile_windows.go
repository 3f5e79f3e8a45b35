package cli

// openAtOnce is nothing here: pipes have no names among the files.
const openAtOnce = 0
