# Homebrew: brew install --cask ./websocketd.rb
cask "{{.Name}}" do
  arch arm: "arm64", intel: "amd64"
  os macos: "darwin", linux: "linux"

  version "{{.Version}}"
  sha256 arm:          "{{.Sum "darwin" "arm64"}}",
         intel:        "{{.Sum "darwin" "amd64"}}",
         arm64_linux:  "{{.Sum "linux" "arm64"}}",
         x86_64_linux: "{{.Sum "linux" "amd64"}}"

  url "{{.URL}}/{{.Name}}_#{version}_#{os}_#{arch}.tar.gz"
  name "{{.Name}}"
  desc "Makes any program a WebSocket server"
  homepage "{{.Homepage}}"

  binary "{{.Name}}_#{version}_#{os}_#{arch}/{{.Name}}"
{{- range .Documents "man/"}}
  manpage "{{$.Name}}_#{version}_#{os}_#{arch}/{{.}}"
{{- end}}
{{- range .Documents "completions/"}}
  {{completionStanza .}} "{{$.Name}}_#{version}_#{os}_#{arch}/{{.}}"
{{- end}}
end
