//! The command line: the one definition that help, completions and the man page come from.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use sg_open_tracking::Region;

use crate::table::delimiter;

const EXAMPLES: &str = "\
Examples:
  # The account itself
  sg-open-tracking get
  sg-open-tracking set off

  # Subusers: some, those in a file, all of them
  sg-open-tracking set off --on-behalf-of shop --on-behalf-of news
  sg-open-tracking set off --from subusers.csv --column username
  sg-open-tracking set off --all-subusers --journal off.journal

  # Who would change, and proof that all is off
  sg-open-tracking set off --all-subusers --dry-run
  sg-open-tracking audit --all-subusers --expect off --html audit.html

  # Both regions at once
  sg-open-tracking audit --region global,eu --all-subusers --expect off

  # A policy kept in a file: see what differs, then change it
  sg-open-tracking apply policy.csv --others off --dry-run
  sg-open-tracking apply policy.csv --others off

  # What changed since last time
  sg-open-tracking audit --all-subusers --save today.json --baseline yesterday.json

Keys:
  The key comes from SENDGRID_API_KEY, that of the EU region from SENDGRID_EU_API_KEY; from a file
  named by --key-file, which others must not be able to write; or from what --key-command prints.
  It is never an argument, which others on the machine could see.

Exit status (the worst that happened):
  0    all went well; for audit --expect, all is as expected
  1    a bug in this program
  2    a wrong option, key or name; nothing was sent for it
  3    audit: not all as expected, or as in the baseline; apply --dry-run: something would change
  4    the key was not accepted, or may not do this (401, 403)
  5    the service refused otherwise: unknown name, bad request (404, other 4xx)
  6    the rate limit left no room (429)
  7    the network: no address, no connection, TLS, time out
  8    the service failed, or its answer can't be relied on (5xx, not applied)
  9    a file of yours: journal, list, report, key
  130  interrupted before all was done
  141  the reader of standard output has gone (SIGPIPE)";

/// Switch SendGrid's open tracking on or off, read it, and prove it, for one account or thousands.
#[derive(Debug, Parser)]
#[command(name = "sg-open-tracking", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Switch open tracking on or off
    ///
    /// Each account is read first and changed only if it has to be, so it can be told how many
    /// were right already.
    #[command(after_help = EXAMPLES)]
    Set(Set),
    /// Tell whether open tracking is on
    #[command(after_help = EXAMPLES)]
    Get(Get),
    /// Report on all accounts: how many are on, which are not as expected, which can't be read
    ///
    /// What the setting proves, and what it does not (a message may override it, mail sent before
    /// keeps its pixel), stands in docs/what-it-switches.md.
    #[command(after_help = EXAMPLES)]
    Audit(Audit),
    /// Bring accounts to the state that a file wants: show what differs, and change it
    ///
    /// The file is CSV with the columns username, open_tracking (on or off) and, for two regions,
    /// region; or JSON lines with these members. It is checked whole before anything is sent.
    #[command(after_help = EXAMPLES)]
    Apply(Apply),
    /// List the account's subusers
    Subusers(Subusers),
    /// Print the completions for a shell
    #[command(after_help = "Example:\n  sg-open-tracking completions bash > /etc/bash_completion.d/sg-open-tracking")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the man page
    #[command(after_help = "Example:\n  sg-open-tracking man > sg-open-tracking.1 && man ./sg-open-tracking.1")]
    Man,
}

#[derive(Debug, Args)]
pub struct Set {
    /// The value to set
    pub value: Switch,
    #[command(flatten)]
    pub accounts: Accounts,
    /// Only read, and tell who would change
    #[arg(long, conflicts_with_all = ["journal", "no_read"])]
    pub dry_run: bool,
    /// Change without reading first, for a key that may not read; all that succeed count as changed
    #[arg(long)]
    pub no_read: bool,
    #[command(flatten)]
    pub journal: JournalFile,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub connection: Connection,
}

#[derive(Debug, Args)]
pub struct Get {
    #[command(flatten)]
    pub accounts: Accounts,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub connection: Connection,
}

#[derive(Debug, Args)]
pub struct Audit {
    #[command(flatten)]
    pub accounts: Accounts,
    /// What all accounts should have; exit status 3 if one has not
    #[arg(long, value_name = "VALUE")]
    pub expect: Option<Switch>,
    /// Write a report as one self-contained HTML page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Tell what changed since this earlier audit; exit status 3 if anything has
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write what was read as JSON lines: the baseline of a later audit
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Write the counts for Prometheus, as node_exporter's textfile collector reads them
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,
    #[command(flatten)]
    pub journal: JournalFile,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub connection: Connection,
}

#[derive(Debug, Args)]
pub struct Apply {
    /// The desired state; "-" for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What separates the columns: one character, or "tab"; found out by default
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    pub delimiter: Option<u8>,
    /// What becomes of subusers that the file does not name: they are switched, told, or left alone
    #[arg(long, value_name = "WHAT", default_value = "ignore")]
    pub others: Others,
    /// Only show the plan; exit status 3 if anything would change
    #[arg(long, conflicts_with = "journal")]
    pub dry_run: bool,
    #[command(flatten)]
    pub journal: JournalFile,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub connection: Connection,
}

/// What becomes of subusers that a desired state does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Others {
    On,
    Off,
    /// Read them, and tell
    Report,
    /// Don't ask for the list
    Ignore,
}

impl Others {
    pub fn wants(self) -> Option<bool> {
        match self {
            Others::On => Some(true),
            Others::Off => Some(false),
            Others::Report | Others::Ignore => None,
        }
    }
}

#[derive(Debug, Args)]
pub struct Subusers {
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub connection: Connection,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

impl Switch {
    pub fn is_on(self) -> bool {
        self == Switch::On
    }
}

/// Which accounts. With none of these, the account of the key itself.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which accounts (default: the account of the key itself)")]
pub struct Accounts {
    /// A subuser's name, or "account-id ID"; may be given many times
    #[arg(long, value_name = "NAME")]
    pub on_behalf_of: Vec<String>,
    /// A file with a name a line, "-" for standard input; blank lines and those with # are left out
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// The file is CSV, and the names are in the column of this name
    #[arg(long, value_name = "NAME", requires = "from")]
    pub column: Option<String>,
    /// What separates the columns: one character, or "tab"; found out by default
    #[arg(long, value_name = "CHARACTER", requires = "column", value_parser = delimiter)]
    pub delimiter: Option<u8>,
    /// The region of each name is in this column of the CSV file: global or eu
    #[arg(long, value_name = "NAME", requires = "column")]
    pub region_column: Option<String>,
    /// All subusers of the account, as the service lists them
    #[arg(long)]
    pub all_subusers: bool,
    /// The account of the key itself, beside the others
    #[arg(long)]
    pub account: bool,
}

#[derive(Debug, Args)]
pub struct JournalFile {
    /// Note every outcome in this file as it comes; run again with it to go on where it stopped
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
    /// Comma-separated values with a header line
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// No progress
    #[arg(long, short)]
    pub quiet: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct Connection {
    /// The region of the key; both at once, each with its key: global,eu
    #[arg(long, value_delimiter = ',', default_value = "global", value_name = "REGION")]
    pub region: Vec<RegionName>,
    /// A file with the key and nothing else; "-" for standard input; [REGION=]FILE with two regions
    #[arg(long, value_name = "FILE")]
    pub key_file: Vec<String>,
    /// A command that prints the key, such as 'pass show sendgrid'; [REGION=]COMMAND with two regions
    #[arg(long, value_name = "COMMAND")]
    pub key_command: Vec<String>,
    /// The time for that command, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    pub key_command_timeout: f64,
    /// The time for one request with its retries, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0)]
    pub timeout: f64,
    /// How often a failed request is repeated
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub retries: u32,
    /// How many requests are under way at once
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub connections: u32,
    /// A cap on the requests a minute; by default only the service's own limit counts
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub requests_per_minute: u32,
    /// Another place for the service; [REGION=]URL with two regions
    #[arg(long, value_name = "URL")]
    pub base_url: Vec<String>,
    /// Tell on standard error what the calls do: -v how each ended and what was retried, -vv every step
    #[arg(long, short, action = ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegionName {
    Global,
    Eu,
}

impl RegionName {
    pub fn as_str(self) -> &'static str {
        match self {
            RegionName::Global => "global",
            RegionName::Eu => "eu",
        }
    }

    pub fn parse(text: &str) -> Result<RegionName, String> {
        RegionName::from_str(text, true).map_err(|_| format!("\"{text}\" is no region: global or eu"))
    }

    /// Of a "global=..." or "eu=..." the region and the rest; `None` for what begins otherwise.
    pub fn split(text: &str) -> Option<(RegionName, &str)> {
        let (name, rest) = text.split_once('=')?;
        Some((RegionName::from_str(name, true).ok()?, rest))
    }
}

impl From<RegionName> for Region {
    fn from(name: RegionName) -> Region {
        match name {
            RegionName::Global => Region::Global,
            RegionName::Eu => Region::Eu,
        }
    }
}
