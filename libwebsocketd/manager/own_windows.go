package manager

// mostHandles is how many handles Windows lets a process have.
const mostHandles = 16 << 20

// takeLimits finds out how much this process may use.
func (p *OwnProcess) takeLimits() { p.MaxFiles = mostHandles }
