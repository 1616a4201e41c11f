//! Where the key comes from: the environment, a file, standard input, or a command.

use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::args::RegionName;
use crate::failure::Failure;
use crate::plural;

/// A key is short; reading on would be into some other file, or a device.
const LENGTH_MAX: u64 = 4096;

/// The environment variable with the key of a region.
pub fn variable(region: RegionName) -> &'static str {
    match region {
        RegionName::Global => "SENDGRID_API_KEY",
        RegionName::Eu => "SENDGRID_EU_API_KEY",
    }
}

pub fn from_environment(region: RegionName) -> Result<Zeroizing<String>, Failure> {
    let name = variable(region);
    match env::var(name) {
        Ok(text) if !text.is_empty() => {
            let text = Zeroizing::new(text);
            alone(&text).map_err(|why| Failure::usage(format!("{name}: {why}")))
        }
        Ok(_) | Err(env::VarError::NotPresent) => Err(Failure::usage(format!(
            "no key for the region {}: set {name}, or name a file by --key-file or a command by --key-command",
            region.as_str()
        ))),
        Err(env::VarError::NotUnicode(_)) => Err(Failure::usage(format!("{name} is not text"))),
    }
}

/// From a file; `-` is standard input, and a bare name that systemd has loaded, that credential.
pub fn from_file(name: &str) -> Result<Zeroizing<String>, Failure> {
    if name == "-" {
        return read(io::stdin().lock(), "standard input");
    }
    let path = credential(name).unwrap_or_else(|| PathBuf::from(name));
    let place = format!("key file {}", path.display());
    let file = File::open(&path).map_err(|error| Failure::file(format!("{place}: {error}")))?;
    guard(&path, &file)?;
    read(file, &place)
}

/// The file of the credential with this name, as systemd's LoadCredential= leaves it.
fn credential(name: &str) -> Option<PathBuf> {
    let is_bare = Path::new(name).file_name().is_some_and(|bare| bare == name);
    let directory = env::var_os("CREDENTIALS_DIRECTORY").filter(|directory| is_bare && !directory.is_empty())?;
    Some(Path::new(&directory).join(name)).filter(|path| path.exists())
}

/// From what a command prints. Its words are split as a shell would, but no shell runs it; it may
/// ask on the terminal, and its standard error is this program's.
pub fn from_command(line: &str, limit: Duration) -> Result<Zeroizing<String>, Failure> {
    let failed = |why: &dyn std::fmt::Display| Failure::file(format!("--key-command {line}: {why}"));
    let words = shlex::split(line).filter(|words| !words.is_empty());
    let words =
        words.ok_or_else(|| Failure::usage(format!("--key-command: {line} is no command: check its quotes")))?;
    let mut child =
        Command::new(&words[0]).args(&words[1..]).stdout(Stdio::piped()).spawn().map_err(|error| failed(&error))?;
    // It is read on a thread, since neither a read nor a wait has a time limit.
    let (tell, told) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        thread::spawn(move || tell.send(read(output, "what it prints")));
    }
    let Ok(key) = told.recv_timeout(limit) else {
        let _ = child.kill();
        let _ = child.wait();
        return Err(failed(&format_args!(
            "it took longer than {} s, and was ended: --key-command-timeout gives it more time",
            limit.as_secs_f64()
        )));
    };
    let status = child.wait().map_err(|error| failed(&error))?;
    if !status.success() {
        return Err(failed(&format_args!("it failed: {status}")));
    }
    key.map_err(|failure| failed(&failure.message.unwrap_or_default()))
}

fn read(from: impl Read, place: &str) -> Result<Zeroizing<String>, Failure> {
    let failed = |why: &dyn std::fmt::Display| Failure::file(format!("{place}: {why}"));
    let mut text = Zeroizing::new(String::new());
    from.take(LENGTH_MAX).read_to_string(&mut text).map_err(|error| failed(&error))?;
    alone(&text).map_err(|why| failed(&why))
}

/// The key, if the text holds it and nothing else. What people put around it by mistake would be
/// sent with it, and answered 401.
fn alone(text: &str) -> Result<Zeroizing<String>, String> {
    let key = text.trim_start_matches('\u{feff}').trim_ascii();
    let name = key.strip_prefix("export ").unwrap_or(key).split_once('=').map_or("", |(name, _)| name.trim_ascii());
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b == b'_' || b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    let lines = key.lines().filter(|line| !line.trim_ascii().is_empty()).count();
    let quoted = |quote: char| key.len() > 1 && key.starts_with(quote) && key.ends_with(quote);
    if key.is_empty() {
        Err("it is empty".to_owned())
    } else if lines > 1 {
        Err(format!("it has {}: put the key there alone", plural::count(lines, "line")))
    } else if key.starts_with("export ") || is_name(name) {
        Err(format!("it is an assignment, {name}=...: put there alone what follows the equals sign"))
    } else if quoted('"') || quoted('\'') {
        Err("it has quotes around the key: take them away".to_owned())
    } else if key.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer ")) {
        Err("it begins with \"Bearer\": put there alone what follows".to_owned())
    } else {
        Ok(Zeroizing::new(key.to_owned()))
    }
}

/// Refuses a file that others may write: they could have their own key used. That others may read
/// it is said, but for places where that is how a platform keeps its secrets: a read-only mount, or
/// a file that another user (root) owns.
#[cfg(unix)]
fn guard(path: &Path, file: &File) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;
    let shown = path.display();
    let failed = |why: &dyn std::fmt::Display| Failure::file(format!("key file {shown}: {why}"));
    let metadata = file.metadata().map_err(|error| failed(&error))?;
    let mode = metadata.mode() & 0o777;
    if mode & 0o022 != 0 {
        return Err(failed(&format_args!("others may write it (mode {mode:03o}): chmod 600 {shown}")));
    }
    let is_own = metadata.uid() == rustix::process::geteuid().as_raw();
    let is_read_only =
        rustix::fs::fstatvfs(file).is_ok_and(|mount| mount.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY));
    if mode & 0o044 != 0 && is_own && !is_read_only {
        anstream::eprintln!("key file {shown}: others may read it (mode {mode:03o}): chmod 600 {shown}");
    }
    Ok(())
}

#[cfg(not(unix))]
fn guard(_: &Path, _: &File) -> Result<(), Failure> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_may_be_there() {
        let cases = [
            ("SG.a.b", Ok("SG.a.b")),
            ("\u{feff} SG.a.b \r\n\n", Ok("SG.a.b")),
            ("a key=", Ok("a key=")),
            ("c2VjcmV0==", Ok("c2VjcmV0==")),
            ("", Err("empty")),
            (" \n", Err("empty")),
            ("SG.a.b\nlogin: me\n", Err("2 lines")),
            ("SENDGRID_API_KEY=SG.a.b", Err("assignment, SENDGRID_API_KEY=")),
            ("export SENDGRID_API_KEY='SG.a.b'\n", Err("assignment, SENDGRID_API_KEY=")),
            ("KEY = SG.a.b", Err("assignment, KEY=")),
            ("\"SG.a.b\"\n", Err("quotes")),
            ("'SG.a.b'", Err("quotes")),
            ("Bearer SG.a.b", Err("Bearer")),
        ];
        for (text, expected) in cases {
            match (alone(text), expected) {
                (Ok(key), Ok(expected)) => assert_eq!(*key, expected, "{text:?}"),
                (Err(why), Err(expected)) => {
                    assert!(why.contains(expected) && !why.contains("SG."), "{text:?}: {why}");
                }
                (found, _) => panic!("{text:?}: {found:?}"),
            }
        }
    }
}
