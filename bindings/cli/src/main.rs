//! Switches SendGrid's open tracking on or off from the command line, for one account or for
//! thousands of subusers; reads it; and proves it.

#![warn(clippy::pedantic)]
// Doc comments are help texts; counts are shown as rates and lengths, where 53 bits do.
#![allow(clippy::doc_markdown, clippy::cast_precision_loss)]

mod accounts;
mod args;
mod audit;
mod connect;
mod failure;
mod html;
mod interrupt;
mod journal;
mod ledger;
mod output;
mod progress;
mod record;
mod work;

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use clap_mangen::Man;

use crate::args::{Cli, Command};
use crate::connect::Session;
use crate::failure::{Failure, Family};
use crate::interrupt::Interrupt;
use crate::journal::{Done, Journal};
use crate::ledger::{Counts, Ledger};
use crate::output::{BAD, Form, Output};
use crate::progress::Progress;
use crate::record::on_off;
use crate::work::{Job, Work};

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { family, message }) => {
            if let Some(message) = message {
                anstream::eprintln!("{BAD}error{BAD:#}: {message}");
            }
            ExitCode::from(family.exit_status())
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Set(options) => {
            let wanted = options.value.is_on();
            let job = match (options.dry_run, options.no_read) {
                (true, _) => Job::Try(wanted),
                (_, true) => Job::SetUnread(wanted),
                _ => Job::Set(wanted),
            };
            set(job, wanted, &options)
        }
        Command::Get(options) => get(&options),
        Command::Audit(options) => audit::run(&options),
        Command::Subusers(options) => subusers(&options),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "sg-open-tracking", &mut io::stdout());
            Ok(())
        }
        Command::Man => man().map_err(|error| Failure::file(format!("standard output: {error}"))),
    }
}

/// What a command that goes over accounts begins with.
struct Run {
    pub sessions: Vec<Session>,
    pub accounts: Vec<Vec<record::Account>>,
    pub interrupt: Interrupt,
    pub journal: Option<Journal>,
    pub done: Done,
}

impl Run {
    fn begin(
        command: &str,
        accounts: &args::Accounts,
        journal: Option<&args::JournalFile>,
        connection: &args::Connection,
        progress: &Progress,
    ) -> Result<Run, Failure> {
        let sessions = connect::sessions(connection)?;
        let interrupt = Interrupt::watch(&sessions, progress.clone())?;
        let path = journal.and_then(|file| file.journal.as_ref());
        let (journal, done) = match path.map(|path| Journal::open(path, command)).transpose()? {
            Some((journal, done)) => (Some(journal), done),
            None => (None, Done::new()),
        };
        let accounts = accounts::of_sessions(accounts, &sessions)?;
        Ok(Run { sessions, accounts, interrupt, journal, done })
    }

    fn total(&self) -> usize {
        self.accounts.iter().map(Vec::len).sum()
    }
}

fn set(job: Job, wanted: bool, options: &args::Set) -> Result<(), Failure> {
    let command = format!("set {}", on_off(wanted));
    let progress = Progress::new(options.output.quiet, output::watched());
    let mut run = Run::begin(&command, &options.accounts, Some(&options.journal), &options.connection, &progress)?;
    let (total, with_region) = (run.total(), run.sessions.len() > 1);
    let form = Form::from(&options.output);
    let output = Output::new(form, with_region, total == 1);
    let ledger = Ledger::new(run.journal.take(), Some(output), false, run.interrupt.clone());
    let worked = Work { job, ledger: &ledger, progress, with_region }.run(&run.sessions, run.accounts, &run.done);
    let book = ledger.into_book();
    let counts = &book.counts;
    let parts = [
        (counts.already, format!("already {}", on_off(wanted))),
        (counts.changed, format!("switched {}", on_off(wanted))),
        (counts.would_change, format!("would be switched {}", on_off(wanted))),
        (counts.failed, "failed".to_owned()),
        (total.saturating_sub(counts.entered()), "left undone".to_owned()),
    ];
    let parts: Vec<_> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    let parts = if parts.is_empty() { "nothing to do".to_owned() } else { parts.join(", ") };
    let earlier = match counts.earlier {
        0 => String::new(),
        earlier => format!("; {earlier} of them in earlier runs"),
    };
    tell(form, &format!("{}: {parts}{earlier}", count(total, "account")));
    tell_why(counts);
    end(worked, book.failure, counts, total, options.journal.journal.is_some())
}

fn get(options: &args::Get) -> Result<(), Failure> {
    // The results are progress enough where they are seen.
    let progress = Progress::new(options.output.quiet || io::IsTerminal::is_terminal(&io::stdout()), output::watched());
    let run = Run::begin("get", &options.accounts, None, &options.connection, &progress)?;
    let (total, with_region) = (run.total(), run.sessions.len() > 1);
    let output = Output::new((&options.output).into(), with_region, total == 1);
    let ledger = Ledger::new(None, Some(output), false, run.interrupt.clone());
    let worked =
        Work { job: Job::Read, ledger: &ledger, progress, with_region }.run(&run.sessions, run.accounts, &run.done);
    let book = ledger.into_book();
    tell_why(&book.counts);
    end(worked, book.failure, &book.counts, total, false)
}

/// How a command that went over accounts ends: by the worst that happened.
fn end(
    worked: Result<(), Failure>,
    failure: Option<Failure>,
    counts: &Counts,
    total: usize,
    has_journal: bool,
) -> Result<(), Failure> {
    if let Some(failure) = failure {
        return Err(failure);
    }
    worked?;
    if counts.entered() < total {
        let message = if has_journal {
            "interrupted: run again with the same journal to go on"
        } else {
            "interrupted: next time, --journal lets a run go on where it stopped"
        };
        return Err(Failure { family: Family::Interrupted, message: Some(message.to_owned()) });
    }
    counts.worst().map_or(Ok(()), |family| Err(Failure::silent(family)))
}

/// For people, so that it does not get between what programs read.
fn tell(form: Form, summary: &str) {
    if form == Form::Text {
        anstream::println!("{summary}");
    } else {
        anstream::eprintln!("{summary}");
    }
}

/// What failed, by reason, when there is more than one line would tell.
fn tell_why(counts: &Counts) {
    if counts.failed > 1 {
        for (code, number) in &counts.by_code {
            anstream::eprintln!("  {number} \u{d7} {}", code.sentence().to_string_lossy());
        }
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn subusers(options: &args::Subusers) -> Result<(), Failure> {
    let sessions = connect::sessions(&options.connection)?;
    let interrupt = Interrupt::watch(&sessions, Progress::None)?;
    let form = Form::from(&options.output);
    let mut out = io::stdout().lock();
    let mut failed = None;
    if form == Form::Csv {
        failed = writeln!(out, "region,username").err();
    }
    for session in &sessions {
        let region = session.region.as_str();
        let listed = session.client.list_subusers(|name| {
            let written = match form {
                Form::Text if sessions.len() > 1 => writeln!(out, "{region}\t{name}"),
                Form::Text => writeln!(out, "{name}"),
                Form::Json => {
                    writeln!(out, "{}", serde_json::json!({ "region": region, "username": name }))
                }
                Form::Csv => {
                    let mut writer = csv::Writer::from_writer(&mut out);
                    writer.write_record([region, name]).map_err(io::Error::from).and_then(|()| writer.flush())
                }
            };
            failed = written.err();
            if failed.is_some() || interrupt.came() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match failed.take() {
            Some(error) if error.kind() == io::ErrorKind::BrokenPipe => return Err(Failure::silent(Family::File)),
            Some(error) => return Err(Failure::file(format!("standard output: {error}"))),
            None => listed.map(drop)?,
        }
    }
    Ok(())
}

/// One page for the program and its subcommands.
fn man() -> io::Result<()> {
    let mut command = Cli::command();
    command.build();
    let mut out = io::stdout().lock();
    let page = Man::new(command.clone());
    page.render_title(&mut out)?;
    page.render_name_section(&mut out)?;
    page.render_synopsis_section(&mut out)?;
    page.render_description_section(&mut out)?;
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        let page = Man::new(subcommand.clone());
        let mut section = Vec::new();
        page.render_synopsis_section(&mut section)?;
        page.render_description_section(&mut section)?;
        page.render_options_section(&mut section)?;
        // Its sections are part of this one.
        let section = String::from_utf8_lossy(&section).replace("\n.SH ", "\n.SS ");
        writeln!(out, ".SH {}", subcommand.get_name().to_uppercase())?;
        writeln!(out, "{}", section.trim_start_matches(".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n"))?;
    }
    page.render_extra_section(&mut out)?;
    page.render_version_section(&mut out)?;
    out.flush()
}
