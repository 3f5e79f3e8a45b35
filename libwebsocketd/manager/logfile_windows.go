package manager

// openAtOnce is for pipes, which have no names among the files there.
const openAtOnce = 0
