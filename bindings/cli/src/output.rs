//! What goes to standard output, in the form that was asked for.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use crate::args;
use crate::failure::Failure;
use crate::record::{Account, Ending, Record, on_off};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Text,
    Json,
    Csv,
}

impl From<&args::Output> for Form {
    fn from(options: &args::Output) -> Form {
        match options {
            args::Output { json: true, .. } => Form::Json,
            args::Output { csv: true, .. } => Form::Csv,
            _ => Form::Text,
        }
    }
}

pub const ON: Style = AnsiColor::Yellow.on_default();
pub const OFF: Style = AnsiColor::Green.on_default();
pub const BAD: Style = AnsiColor::Red.on_default();
pub const DIM: Style = Style::new().dimmed();

pub fn style(enabled: bool) -> Style {
    if enabled { ON } else { OFF }
}

/// Writes records as they come.
pub struct Output {
    form: Form,
    /// Whether more than one region is told apart.
    with_region: bool,
    /// Whether there is but one account, whose name need not be told.
    alone: bool,
    began: bool,
    out: AutoStream<Stdout>,
}

impl Output {
    pub fn new(form: Form, with_region: bool, alone: bool) -> Output {
        // What is for programs has no colours to take out.
        let colours = if form == Form::Text { AutoStream::choice(&io::stdout()) } else { ColorChoice::AlwaysAnsi };
        Output { form, with_region, alone, began: false, out: AutoStream::new(io::stdout(), colours) }
    }

    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        let mut line = Vec::new();
        match self.form {
            Form::Json => {
                serde_json::to_writer(&mut line, record)?;
                line.push(b'\n');
            }
            Form::Csv => self.csv(record, &mut line)?,
            Form::Text => self.text(record, &mut line)?,
        }
        self.out.write_all(&line)?;
        self.out.flush()
    }

    /// Failures go to standard error; of what was set, only what would change is told by name.
    fn text(&self, record: &Record, out: &mut impl Write) -> io::Result<()> {
        let (Ending::Read | Ending::WouldChange, Some(enabled)) = (record.outcome, record.enabled) else {
            return Ok(());
        };
        if self.alone && record.outcome == Ending::Read {
            return writeln!(out, "{}", on_off(enabled));
        }
        let style = style(enabled);
        let region = self.region(&record.account);
        writeln!(out, "{region}{}\t{style}{}{style:#}", record.account.name(), on_off(enabled))
    }

    pub fn region(&self, account: &Account) -> String {
        if self.with_region { format!("{}\t", account.region.as_str()) } else { String::new() }
    }

    fn csv(&mut self, record: &Record, out: &mut impl Write) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        if !self.began {
            self.began = true;
            writer.write_record([
                "time",
                "region",
                "on_behalf_of",
                "outcome",
                "enabled",
                "code",
                "http_status",
                "attempts",
                "elapsed_ms",
                "message",
            ])?;
        }
        writer.serialize((
            &record.time,
            record.account.region,
            &record.account.on_behalf_of,
            record.outcome,
            record.enabled,
            record.code.name(),
            record.http_status,
            record.attempts,
            record.elapsed_ms,
            record.message.as_deref().map(safe_cell),
        ))?;
        writer.flush()
    }
}

/// A message is the server's words in part: no spreadsheet is to take it for a formula.
fn safe_cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() }
}

/// Prints text for people, in colour where that is seen.
pub fn print(text: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::new(AutoStream::auto(io::stdout().lock()));
    text(&mut out).and_then(|()| out.flush()).map_err(Failure::output)
}

pub fn watched() -> bool {
    io::stderr().is_terminal()
}
