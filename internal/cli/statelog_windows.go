package cli

import "os"

// notifyState does nothing: there is no such signal on this system.
func notifyState(chan<- os.Signal) {}
