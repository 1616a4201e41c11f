//! What an audit found, as Prometheus reads it: for the textfile collector of node_exporter.

use std::io::{self, Write};

use crate::findings::Findings;

/// Writes the text exposition format.
pub fn text(findings: &Findings, out: &mut dyn Write) -> io::Result<()> {
    gauge(out, "accounts", "Accounts by region and by state of open tracking.")?;
    for region in &findings.regions {
        let name = region.name.as_str();
        for (state, number) in [("on", region.on), ("off", region.off), ("unreadable", region.unreadable)] {
            writeln!(out, "{PREFIX}accounts{{region=\"{name}\",state=\"{state}\"}} {number}")?;
        }
    }
    if findings.expect.is_some() {
        gauge(out, "unexpected_accounts", "Accounts whose open tracking is not as expected, by region.")?;
        for region in &findings.regions {
            writeln!(out, "{PREFIX}unexpected_accounts{{region=\"{}\"}} {}", region.name.as_str(), region.unexpected)?;
        }
    }
    if let Some(drift) = &findings.drift {
        gauge(out, "changed_accounts", "Accounts that differ from the baseline.")?;
        writeln!(out, "{PREFIX}changed_accounts {}", drift.len())?;
    }
    gauge(out, "last_complete_timestamp_seconds", "When all accounts were last tried, as a Unix time.")?;
    writeln!(out, "{PREFIX}last_complete_timestamp_seconds {}", findings.time.as_second())?;
    gauge(out, "last_complete_duration_seconds", "How long that took.")?;
    writeln!(out, "{PREFIX}last_complete_duration_seconds {:.3}", findings.seconds)
}

const PREFIX: &str = "sendgrid_open_tracking_";

fn gauge(out: &mut dyn Write, name: &str, help: &str) -> io::Result<()> {
    writeln!(out, "# HELP {PREFIX}{name} {help}\n# TYPE {PREFIX}{name} gauge")
}
