//! Progress on standard error: a bar for who watches, a line now and then for a log.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use sg_open_tracking::{Client, RateLimit};

/// How often a log gets a line.
const LOG_EVERY: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub enum Progress {
    None,
    Bars(MultiProgress),
    Log,
}

impl Progress {
    pub fn new(quiet: bool, watched: bool) -> Progress {
        match (quiet, watched) {
            (true, _) => Progress::None,
            (false, true) => Progress::Bars(MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10))),
            (false, false) => Progress::Log,
        }
    }

    /// A line for people, where no bar is in its way.
    pub fn say(&self, line: &str) {
        match self {
            // Its println fills lines with blanks to the terminal's width, which then can't be copied.
            Progress::Bars(bars) => bars.suspend(|| anstream::eprintln!("{line}")),
            _ => anstream::eprintln!("{line}"),
        }
    }

    /// A part of the work: what is done, of how many, by which client.
    pub fn task(&self, doing: &str, total: usize, client: &Arc<Client>) -> Task {
        let failed = Arc::new(AtomicUsize::new(0));
        let started = Instant::now();
        let bar = match self {
            // A single call is over before there is anything to see.
            Progress::Bars(bars) if total > 1 => {
                let bar = bars.add(ProgressBar::new(total as u64));
                bar.set_style(style(Arc::clone(client), Arc::clone(&failed)));
                bar.set_prefix(doing.to_owned());
                bar.enable_steady_tick(Duration::from_millis(200));
                Some(bar)
            }
            _ => None,
        };
        let log = matches!(self, Progress::Log).then(|| (doing.to_owned(), started));
        Task { bar, log, failed, started, total, done: 0 }
    }
}

pub struct Task {
    bar: Option<ProgressBar>,
    /// What is told, and when it was last.
    log: Option<(String, Instant)>,
    failed: Arc<AtomicUsize>,
    started: Instant,
    total: usize,
    done: usize,
}

impl Task {
    pub fn advance(&mut self, failed: bool) {
        self.done += 1;
        self.failed.fetch_add(usize::from(failed), Ordering::Relaxed);
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
        let Some((doing, last)) = &mut self.log else { return };
        if last.elapsed() >= LOG_EVERY {
            *last = Instant::now();
            let left = self.started.elapsed().div_f64(self.done as f64).mul_f64((self.total - self.done) as f64);
            let failed = self.failed.load(Ordering::Relaxed);
            let (done, total) = (self.done, self.total);
            anstream::eprintln!("{}: {done} of {total}, {failed} failed, {} left", doing.trim_end(), clock(left));
        }
    }

    /// Has `print` write where the bar is not in its way.
    pub fn above(&self, print: &dyn Fn()) {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// One line of 80 columns.
fn style(client: Arc<Client>, failed: Arc<AtomicUsize>) -> ProgressStyle {
    let template = "{prefix} {wide_bar:.cyan/black.bright} {pos:>5}/{len} {rate}{limit}{failed:.red}  {left}";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style
        .progress_chars("━╸━")
        .with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let minutes = state.elapsed().as_secs_f64() / 60.0;
            let rate = if state.pos() > 0 { state.pos() as f64 / minutes.max(0.001) } else { 0.0 };
            let _ = write!(out, " {rate:.0}/min");
        })
        .with_key("limit", move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            if let Some(limit) = client.rate_limit() {
                let _ = out.write_str(&share(limit));
            }
        })
        .with_key("failed", move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let failed = failed.load(Ordering::Relaxed);
            if failed > 0 {
                let _ = write!(out, "  {failed} failed");
            }
        })
        .with_key("left", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let left = state.len().unwrap_or(0).saturating_sub(state.pos());
            if state.pos() > 0 {
                let each = state.elapsed().div_f64(state.pos() as f64);
                let _ = write!(out, "{} left", clock(each.mul_f64(left as f64)));
            }
        })
}

/// How much of the account's limit is used up, by whomever.
fn share(limit: RateLimit) -> String {
    if limit.remaining == 0 {
        return format!("  limit: wait {}", clock(limit.resets_in));
    }
    let used = u64::from(limit.limit - limit.remaining) * 100 / u64::from(limit.limit.max(1));
    format!("  limit {used}%")
}

/// "1:05", "2:00:00".
fn clock(time: Duration) -> String {
    let seconds = time.as_millis().div_ceil(1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}
