//! Switches SendGrid's open tracking on or off from the command line, for one account or for
//! thousands of subusers; reads it; and proves it.

#![warn(clippy::pedantic)]
// Doc comments are help texts; counts are shown as rates and lengths, where 53 bits do.
#![allow(clippy::doc_markdown, clippy::cast_precision_loss)]

mod account_set;
mod accounts;
mod apply;
mod args;
mod audit;
mod baseline;
mod connect;
mod desired;
mod failure;
mod findings;
mod html;
mod interrupt;
mod journal;
mod key;
mod ledger;
mod metrics;
mod output;
mod plural;
mod progress;
mod readings;
mod record;
mod run;
mod table;
mod whole_file;
mod work;

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use clap_mangen::Man;

use crate::args::{Cli, Command};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::ledger::Ledger;
use crate::output::{BAD, Form, Output};
use crate::progress::Progress;
use crate::record::on_off;
use crate::run::{Run, end, tell, tell_why};
use crate::work::{Job, Work};

fn main() -> ExitCode {
    end_with_the_reader();
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

/// Has the program end when the reader of its output has gone, as others do: Rust's runtime ignores
/// SIGPIPE. The library's sockets don't raise it.
#[cfg(unix)]
fn end_with_the_reader() {
    // SAFETY: it sets a signal's disposition, before there is another thread.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}

#[cfg(not(unix))]
fn end_with_the_reader() {}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Set(options) => {
            let wanted = options.value.is_on();
            let to_all = |_| Some(wanted);
            let job = match (options.dry_run, options.no_read) {
                (true, _) => Job::Compare(&to_all),
                (_, true) => Job::Change(&to_all),
                _ => Job::Set(wanted),
            };
            set(job, wanted, &options)
        }
        Command::Get(options) => get(&options),
        Command::Audit(options) => audit::run(&options),
        Command::Apply(options) => apply::run(&options),
        Command::Subusers(options) => subusers(&options),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "sg-open-tracking", &mut script);
            io::stdout().write_all(&script).map_err(Failure::output)
        }
        Command::Man => man().map_err(Failure::output),
    }
}

fn set(job: Job<'_>, wanted: bool, options: &args::Set) -> Result<(), Failure> {
    let command = format!("set {}", on_off(wanted));
    let progress = Progress::new(options.output.quiet, output::watched());
    let mut run = Run::begin(&command, &options.accounts, Some(&options.journal), &options.connection, &progress)?;
    let numbers: Vec<_> = run.accounts.numbers().collect();
    let (total, with_region) = (numbers.len(), run.sessions.len() > 1);
    let form = Form::from(&options.output);
    let output = Output::new(form, with_region, total == 1);
    let ledger = Ledger::new(run.journal.take(), Some(output), None, run.interrupt.clone());
    let work = Work { job, accounts: &run.accounts, ledger: &ledger, progress, with_region };
    let worked = work.run(&run.sessions, &numbers, &run.done);
    let book = ledger.into_book();
    let counts = &book.counts;
    let parts = [
        (counts.already, format!("already {}", on_off(wanted))),
        (counts.changed, format!("switched {}", on_off(wanted))),
        (counts.would_change, format!("would be switched {}", on_off(wanted))),
        (counts.failed, "failed".to_owned()),
        (total.saturating_sub(counts.entered()), "left undone".to_owned()),
    ];
    let parts: Vec<_> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", plural::grouped(*n))).collect();
    let parts = if parts.is_empty() { "nothing to do".to_owned() } else { parts.join(", ") };
    let earlier = match counts.earlier {
        0 => String::new(),
        earlier => format!("; {} of them in earlier runs", plural::grouped(earlier)),
    };
    tell(form, &format!("{}: {parts}{earlier}", plural::count(total, "account")))?;
    tell_why(counts);
    end(worked, book.failure, counts, total, options.journal.journal.is_some())
}

fn get(options: &args::Get) -> Result<(), Failure> {
    // The results are progress enough where they are seen.
    let progress = Progress::new(options.output.quiet || io::IsTerminal::is_terminal(&io::stdout()), output::watched());
    let run = Run::begin("get", &options.accounts, None, &options.connection, &progress)?;
    let numbers: Vec<_> = run.accounts.numbers().collect();
    let (total, with_region) = (numbers.len(), run.sessions.len() > 1);
    let output = Output::new((&options.output).into(), with_region, total == 1);
    let ledger = Ledger::new(None, Some(output), None, run.interrupt.clone());
    let work = Work { job: Job::Read, accounts: &run.accounts, ledger: &ledger, progress, with_region };
    let worked = work.run(&run.sessions, &numbers, &run.done);
    let book = ledger.into_book();
    tell_why(&book.counts);
    end(worked, book.failure, &book.counts, total, false)
}

fn subusers(options: &args::Subusers) -> Result<(), Failure> {
    let progress = Progress::None;
    let sessions = connect::sessions(&options.connection, &progress)?;
    let interrupt = Interrupt::watch(&sessions, progress)?;
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
            Some(error) => return Err(Failure::output(error)),
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
