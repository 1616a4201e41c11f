{ lib, python3, rustPlatform }:

let
  cargo = lib.importTOML ../../Cargo.toml;
in
rustPlatform.buildRustPackage {
  pname = "libsg_open_tracking";
  inherit (cargo.workspace.package) version;
  src = ../..;
  cargoLock.lockFile = ../../Cargo.lock;
  nativeBuildInputs = [ python3 ];

  postPatch = "patchShebangs packaging";
  buildPhase = ''
    runHook preBuild
    make
    runHook postBuild
  '';
  doCheck = false; # the tests want interpreters and tools of ten languages
  installPhase = ''
    runHook preInstall
    make install PREFIX=$out
    runHook postInstall
  '';

  meta = {
    inherit (cargo.package) description;
    homepage = "https://github.com/sg-open-tracking/sg-open-tracking";
    license = lib.licenses.mit;
    mainProgram = "sg-open-tracking";
    platforms = lib.platforms.linux;
  };
}
