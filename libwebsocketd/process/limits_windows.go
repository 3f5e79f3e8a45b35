package process

// UsableDescriptors is none: handles are not limited by number.
func UsableDescriptors() int { return 0 }
