//! The sandbox as a program: starts it, tells the shell where it is, and waits for the end.

use std::fmt::Write as _;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use sg_open_tracking_sandbox::{ListHabits, NAMED_FAULTS, Offsets, Options, ResetForm, Sandbox};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// A local stand-in for the SendGrid service, as far as open tracking goes.
///
/// It listens on free ports of the loopback, prints where as lines that a shell can eval, and
/// runs until SIGINT or SIGTERM.
#[derive(Debug, Parser)]
#[command(name = "sg-open-tracking-sandbox", version, after_long_help = examples())]
struct Arguments {
    /// Serve plain HTTP in place of HTTPS
    #[arg(long)]
    http: bool,
    /// Write the certificate of the sandbox's authority here, not into a temporary directory
    #[arg(long, value_name = "PATH")]
    ca_file: Option<PathBuf>,
    /// Port of the global side; 0 is any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// Port of the EU side; 0 is any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    eu_port: u16,
    /// Subusers that each side lists
    #[arg(long, value_name = "N", default_value_t = 25)]
    subusers: u32,
    /// The most that a page of the list holds, whatever is asked for
    #[arg(long, value_name = "N", default_value = "500", value_parser = clap::value_parser!(u32).range(1..))]
    page_max: u32,
    /// What becomes of an offset that is no multiple of the page's size
    #[arg(long, value_enum, default_value_t = OffsetForm::AsAsked)]
    offsets: OffsetForm,
    /// Before each of so many pages but the first, a name is added at the front of the list
    #[arg(long, value_name = "PAGES", default_value_t = 0)]
    list_grows: u32,
    /// Before each of so many pages but the first, the name at the front goes away
    #[arg(long, value_name = "PAGES", default_value_t = 0)]
    list_shrinks: u32,
    /// Requests allowed in a window, for each side; without it there is no limit
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// How long a window of the rate limit lasts
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    window: Duration,
    /// How X-RateLimit-Reset is written
    #[arg(long, value_enum, default_value_t = Form::Delta)]
    reset_form: Form,
    /// Keep the limit without telling it in X-RateLimit headers
    #[arg(long)]
    no_rate_headers: bool,
    /// Seconds by which the service's clock is ahead (Date, epoch resets); may be negative
    #[arg(long, value_name = "SECONDS", default_value_t = 0, allow_negative_numbers = true)]
    clock_skew: i64,
    /// Write the lines into this file too, whole or not at all
    #[arg(long, value_name = "PATH")]
    ready_file: Option<PathBuf>,
    /// Tell each request in a line on standard error
    #[arg(long)]
    log: bool,
    /// End when standard input closes, as it does when the starter ends
    #[arg(long)]
    exit_with_stdin: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// Seconds until the window ends
    Delta,
    /// The second since 1970 in which it ends
    Epoch,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OffsetForm {
    /// It is taken as it is
    AsAsked,
    /// It is rounded down to one
    RoundedDown,
    /// It is rounded up to one
    RoundedUp,
    /// Offsets are ignored: each page is the first
    Ignored,
    /// It is taken as it is, but leads no further than to the last page
    UpToTheLastPage,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(window) if !window.is_zero() => Ok(window),
        _ => Err("not a length of time".into()),
    }
}

impl Arguments {
    fn options(&self) -> Options {
        Options {
            limit: self.limit,
            window: self.window,
            reset_form: match self.reset_form {
                Form::Delta => ResetForm::Delta,
                Form::Epoch => ResetForm::Epoch,
            },
            rate_headers: !self.no_rate_headers,
            clock_skew: self.clock_skew,
            subusers: self.subusers,
            list: ListHabits {
                page_max: self.page_max as usize,
                offsets: match self.offsets {
                    OffsetForm::AsAsked => Offsets::AsAsked,
                    OffsetForm::RoundedDown => Offsets::RoundedDown,
                    OffsetForm::RoundedUp => Offsets::RoundedUp,
                    OffsetForm::Ignored => Offsets::Ignored,
                    OffsetForm::UpToTheLastPage => Offsets::UpToTheLastPage,
                },
                grows: self.list_grows,
                shrinks: self.list_shrinks,
            },
            http: self.http,
            ca_file: self.ca_file.clone(),
            port: self.port,
            eu_port: self.eu_port,
            log: self.log,
        }
    }
}

fn examples() -> String {
    let mut text = String::from(
        "Examples:\n  \
         sg-open-tracking-sandbox --ready-file sandbox.env &\n  \
         sg-open-tracking-sandbox --limit 600 --window 60 --subusers 1000 --log\n  \
         . ./sandbox.env && curl --cacert \"$SANDBOX_CA_FILE\" -H \"Authorization: Bearer $SANDBOX_KEY\" \\\n      \
         -H 'Accept: application/json' \"$SANDBOX_URL/v3/tracking_settings/open\"\n\n\
         Faults, by the account that a request is on behalf of:\n",
    );
    for fault in NAMED_FAULTS {
        let _ = writeln!(text, "  {}\n      {}", fault.pattern, fault.does);
    }
    text
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("sg-open-tracking-sandbox: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> io::Result<()> {
    let sandbox = Sandbox::start(arguments.options())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Before the lines are out: who reads them may send a signal at once.
        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut terminated = signal(SignalKind::terminate())?;
        announce(&sandbox, arguments.ready_file.as_deref())?;
        let starter_gone = async {
            if arguments.exit_with_stdin {
                end_of_stdin().await;
            } else {
                std::future::pending().await
            }
        };
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
            () = starter_gone => {}
        }
        Ok(())
    })
}

fn announce(sandbox: &Sandbox, ready_file: Option<&Path>) -> io::Result<()> {
    let lines = lines(sandbox);
    if let Some(path) = ready_file {
        write_whole(path, &lines)?;
    }
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{lines}")?;
    stdout.flush()?;
    let trust = match sandbox.ca_file() {
        Some(path) => format!(" SSL_CERT_FILE={}", quoted(&path.to_string_lossy())),
        None => String::new(),
    };
    eprintln!("To use it: export SG_OPEN_TRACKING_BASE_URL={}{trust}", sandbox.url());
    Ok(())
}

fn lines(sandbox: &Sandbox) -> String {
    let ca_file = sandbox.ca_file().map(|path| path.to_string_lossy());
    let pairs = [
        ("SANDBOX_URL", sandbox.url()),
        ("SANDBOX_EU_URL", sandbox.eu_url()),
        ("SANDBOX_CA_FILE", ca_file.as_deref().unwrap_or_default()),
        ("SANDBOX_KEY", sandbox.key()),
        ("SANDBOX_EU_KEY", sandbox.eu_key()),
        ("SANDBOX_READ_KEY", sandbox.read_key()),
        ("SANDBOX_UPDATE_KEY", sandbox.update_key()),
    ];
    let mut text = String::new();
    for (name, value) in pairs {
        let _ = writeln!(text, "{name}={}", quoted(value));
    }
    text
}

/// A value as a shell reads it back; one that needs no quotes gets none.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/:._-".contains(c);
    if value.chars().all(plain) { value.to_owned() } else { format!("'{}'", value.replace('\'', r"'\''")) }
}

/// Writes a file so that whoever waits for it never sees a part of it.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(format!(".{}", std::process::id()));
    std::fs::write(&unfinished, text)?;
    std::fs::rename(&unfinished, path)
}

/// Ends when standard input does. The thread that reads it is left to end with the program.
async fn end_of_stdin() {
    let (tell, told) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        let mut ignored = [0; 1024];
        let mut stdin = io::stdin().lock();
        while matches!(stdin.read(&mut ignored), Ok(1..)) {}
        drop(tell);
    });
    let _ = told.await;
}
