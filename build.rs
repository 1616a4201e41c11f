//! Writes the C header, and names the shared library.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

#[path = "client/src/code.rs"]
#[allow(dead_code)]
mod code;

const HEADER: &str = "include/sg_open_tracking.h";
const CODE: &str = "client/src/code.rs";
const REGION: &str = "client/src/region.rs";
const LOG_LEVEL: &str = "client/src/log/level.rs";

// The form that cbindgen gives to an enum of a fixed size.
const ENUM_BEGIN: &str = "
/**
 * What a call ended with.
 */
enum sg_code
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
";
const ENUM_END: &str = "};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum sg_code sg_code;
#else
typedef int32_t sg_code;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed={CODE}");
    println!("cargo::rerun-if-changed={REGION}");
    println!("cargo::rerun-if-changed={LOG_LEVEL}");
    println!("cargo::rerun-if-changed={HEADER}");

    let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    match header(&root) {
        Ok(text) => commit(&Path::new(&root).join(HEADER), &text),
        Err(error) => println!("cargo::warning=could not generate {HEADER}: {error}"),
    }

    let target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    // Those of ELF; Windows and Apple have names and locks of their own.
    if target("FAMILY").contains("unix") && target("VENDOR") != "apple" {
        // cargo-c gives the same name itself, and two are one too many.
        if env::var_os("CARGO_FEATURE_CAPI").is_none() {
            let major = env::var("CARGO_PKG_VERSION_MAJOR").unwrap_or_default();
            println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libsg_open_tracking.so.{major}");
        }
        // A thread that waits for the system's resolver, and thread-local destructors, must not
        // outlive the code.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}

fn header(root: &str) -> Result<String, cbindgen::Error> {
    let mut config = cbindgen::Config::from_root_or_default(root);
    let conventions = fs::read_to_string(Path::new(root).join("src/ffi/header.txt")).unwrap_or_default();
    config.header = Some(conventions.trim_end().to_owned());
    config.after_includes = Some(codes());
    let mut text = Vec::new();
    cbindgen::Builder::new()
        .with_crate(root)
        .with_src(Path::new(root).join(REGION))
        .with_src(Path::new(root).join(LOG_LEVEL))
        .with_config(config)
        .generate()?
        .write(&mut text);
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The enum of codes, in the form that cbindgen gives to others.
fn codes() -> String {
    let mut text = String::from(ENUM_BEGIN);
    for code in code::Code::ALL {
        let _ = writeln!(text, "  /**\n   * {}.\n   */", code.meaning().trim());
        let _ = writeln!(text, "  {} = {},", code.name(), *code as i32);
    }
    text.push_str(ENUM_END);
    text
}

/// Writes the header only when it differs, so that a build changes no file without need; from a
/// read-only source tree, only says that it would.
fn commit(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    if let Err(error) = fs::create_dir_all(path.parent().unwrap_or(path)).and_then(|()| fs::write(path, text)) {
        println!("cargo::warning={HEADER} is not what cbindgen generates, and can't be written: {error}");
    }
}
