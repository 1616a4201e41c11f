//! Exit statuses, by family, and what ends the program early.

use std::fmt;
use std::path::Path;

use sg_open_tracking::Code;

/// A family of failures, in the order of how much they weigh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    Unexpected,
    Refused,
    RateLimited,
    Server,
    Network,
    Credentials,
    Usage,
    File,
    Interrupted,
    Bug,
}

impl Family {
    pub fn exit_status(self) -> u8 {
        match self {
            Family::Bug => 1,
            Family::Usage => 2,
            Family::Unexpected => 3,
            Family::Credentials => 4,
            Family::Refused => 5,
            Family::RateLimited => 6,
            Family::Network => 7,
            Family::Server => 8,
            Family::File => 9,
            Family::Interrupted => 130,
        }
    }
}

impl From<Code> for Family {
    fn from(code: Code) -> Family {
        match code {
            Code::Argument => Family::Usage,
            Code::Cancelled => Family::Interrupted,
            Code::Dns | Code::Connect | Code::Proxy | Code::Tls | Code::Timeout | Code::Io => Family::Network,
            Code::Protocol | Code::Server | Code::Status | Code::NotApplied => Family::Server,
            Code::BadRequest | Code::NotFound => Family::Refused,
            Code::Unauthorized | Code::Forbidden => Family::Credentials,
            Code::RateLimited => Family::RateLimited,
            _ => Family::Bug,
        }
    }
}

/// What ends the program, in words; without words where all was said.
#[derive(Debug)]
pub struct Failure {
    pub family: Family,
    pub message: Option<String>,
}

impl Failure {
    pub fn usage(message: impl fmt::Display) -> Failure {
        Failure { family: Family::Usage, message: Some(message.to_string()) }
    }

    pub fn file(message: impl fmt::Display) -> Failure {
        Failure { family: Family::File, message: Some(message.to_string()) }
    }

    /// Of writing to standard output.
    pub fn output(error: impl fmt::Display) -> Failure {
        Failure::file(format!("standard output: {error}"))
    }

    /// Says in which file it was.
    pub fn in_file(self, path: &Path) -> Failure {
        Failure { message: self.message.map(|message| format!("{}: {message}", path.display())), ..self }
    }

    pub fn silent(family: Family) -> Failure {
        Failure { family, message: None }
    }
}

impl From<sg_open_tracking::Error> for Failure {
    fn from(error: sg_open_tracking::Error) -> Failure {
        Failure { family: error.code().into(), message: Some(error.to_string()) }
    }
}
