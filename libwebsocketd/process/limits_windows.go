package process

// UsableDescriptors returns 0: the number of handles is not limited.
func UsableDescriptors() int { return 0 }
