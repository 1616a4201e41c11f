//! How much a log tells.

/// How much a log tells: each level has those above it as well. The numbers are part of the ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i32)]
pub enum LogLevel {
    /// calls that failed
    Error = 1,
    /// retries, holds after a 429, addresses that can't be reached, and steps of a second or more
    Warn = 2,
    /// calls that went well, other holds of a second or more, and connections that were replaced
    Info = 3,
    /// every step of a call
    Debug = 4,
}

impl LogLevel {
    const ALL: [LogLevel; 4] = [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug];

    /// The level with this number, if there is one.
    #[must_use]
    pub fn from_i32(number: i32) -> Option<LogLevel> {
        LogLevel::ALL.into_iter().find(|level| *level as i32 == number)
    }

    /// The level with this name: `error`, `warn`, `info` or `debug`, in letters of either case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<LogLevel> {
        LogLevel::ALL.into_iter().find(|level| level.name().eq_ignore_ascii_case(name))
    }

    /// The level's name, as it stands in the lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
        }
    }
}
