# nix run path:. -- --port=8080 cat
{
  description = "Makes any program a WebSocket server";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs = { self, nixpkgs }:
    let
      version = "{{.Version}}";
      sources = {
        x86_64-linux = { name = "{{.Folder "linux" "amd64"}}"; sha256 = "{{.Sum "linux" "amd64"}}"; };
        aarch64-linux = { name = "{{.Folder "linux" "arm64"}}"; sha256 = "{{.Sum "linux" "arm64"}}"; };
        x86_64-darwin = { name = "{{.Folder "darwin" "amd64"}}"; sha256 = "{{.Sum "darwin" "amd64"}}"; };
        aarch64-darwin = { name = "{{.Folder "darwin" "arm64"}}"; sha256 = "{{.Sum "darwin" "arm64"}}"; };
      };
      package = system: source:
        let pkgs = nixpkgs.legacyPackages.${system}; in
        pkgs.stdenvNoCC.mkDerivation {
          pname = "{{.Name}}";
          inherit version;
          src = pkgs.fetchurl {
            url = "{{.URL}}/${source.name}.tar.gz";
            inherit (source) sha256;
          };
          nativeBuildInputs = [ pkgs.installShellFiles ];
          installPhase = ''
            runHook preInstall
            install -Dm755 {{.Name}} $out/bin/{{.Name}}
{{- range .Documents "man/"}}
            installManPage {{.}}
{{- end}}
{{- range .Documents "completions/"}}
            installShellCompletion --cmd {{$.Name}} --{{shellOf .}} {{.}}
{{- end}}
            runHook postInstall
          '';
          meta = {
            description = "Makes any program a WebSocket server";
            homepage = "{{.Homepage}}";
            license = nixpkgs.lib.licenses.bsd2;
            mainProgram = "{{.Name}}";
          };
        };
    in
    {
      packages = builtins.mapAttrs (system: source: { default = package system source; }) sources;
    };
}
