module websocketd

go 1.26.0
