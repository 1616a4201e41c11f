//! Runs the program itself against a sandbox of the test's own.

#![allow(dead_code)]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use sg_open_tracking_sandbox::{Options, Sandbox};
use tempfile::TempDir;

pub struct Bench {
    pub sandbox: Sandbox,
    directory: TempDir,
}

impl Bench {
    pub fn new(options: Options) -> Bench {
        Bench { sandbox: Sandbox::start(options).unwrap(), directory: TempDir::new().unwrap() }
    }

    pub fn with_subusers(subusers: u32) -> Bench {
        Bench::new(Options { subusers, ..Options::default() })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// The program with the sandbox's keys, and nothing else of the environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.wrapped(&[], arguments)
    }

    /// The same, run by another program.
    pub fn wrapped(&self, by: &[&str], arguments: &[&str]) -> Command {
        let program = cargo_bin("sg-open-tracking");
        let mut command = match by {
            [] => Command::new(program),
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
        };
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("SSL_CERT_FILE", self.sandbox.ca_file().unwrap())
            .env("SG_OPEN_TRACKING_BASE_URL", self.sandbox.url())
            .env("SENDGRID_API_KEY", self.sandbox.key())
            .env("SENDGRID_EU_API_KEY", self.sandbox.eu_key());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// How often each subuser was updated.
    pub fn updates(&self) -> HashMap<String, usize> {
        let mut updates = HashMap::new();
        for request in self.sandbox.requests().into_iter().filter(|request| request.method == "PATCH") {
            *updates.entry(request.on_behalf_of.unwrap_or_default()).or_default() += 1;
        }
        updates
    }
}

#[derive(Debug)]
pub struct Ran {
    pub status: Option<i32>,
    pub signal: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(output: Output) -> Ran {
        Ran {
            status: output.status.code(),
            signal: std::os::unix::process::ExitStatusExt::signal(&output.status),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub fn expect(&self, status: i32, out: &str) -> &Ran {
        assert_eq!(self.status, Some(status), "{self:?}");
        assert_eq!(self.out, out, "{self:?}");
        self
    }
}

/// The lines of a journal, each of which must be whole.
pub fn journal(path: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
