//! The report as one HTML page that needs nothing else: for an auditor, a mail, an archive.

use std::fmt::{self, Write as _};
use std::io::{self, Write};

use crate::baseline::Changed;
use crate::findings::{Findings, Region};
use crate::plural::grouped;
use crate::record::{Record, capital, date, on_off};

const STYLE: &str = "
:root { --ink: #1d2733; --soft: #64748b; --line: #e2e8f0; --paper: #fff; --ground: #f5f7fa;
        --on: #d97706; --off: #0f766e; --none: #94a3b8; --good: #e7f5f0; --bad: #fdf1e3; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e5eaf0; --soft: #93a1b3; --line: #2c3744; --paper: #18202a; --ground: #10161d;
          --on: #f59e0b; --off: #2dd4bf; --none: #64748b; --good: #10332d; --bad: #3b2a12; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 2.5rem 1rem; background: var(--ground); color: var(--ink);
       font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif; }
main { max-width: 56rem; margin: auto; padding: 2.25rem 2.5rem; background: var(--paper);
       border: 1px solid var(--line); border-radius: 10px; }
h1 { margin: 0; font-size: 1.6rem; letter-spacing: -.01em; }
h2 { margin: 2.25rem 0 .6rem; font-size: 1.05rem; }
.when { margin: .15rem 0 1.5rem; color: var(--soft); }
.verdict { padding: .8rem 1rem; border-radius: 8px; font-weight: 600; background: var(--good);
           border-left: 5px solid var(--off); }
.verdict.bad { background: var(--bad); border-color: var(--on); }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--soft); }
th, td { padding: .4rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n, th.n { text-align: right; }
td.time { white-space: nowrap; }
td.name { min-width: 11rem; font-family: ui-monospace, 'SF Mono', Menlo, Consolas, monospace; font-size: .92em;
          overflow-wrap: anywhere; }
td.why { color: var(--soft); overflow-wrap: anywhere; }
.on { color: var(--on); font-weight: 600; } .off { color: var(--off); font-weight: 600; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--ink); font: 13px system-ui, sans-serif; } svg .soft { fill: var(--soft); }
.key { display: flex; gap: 1.4rem; margin: .5rem 0 1.2rem; padding: 0; list-style: none; color: var(--soft); }
.key i { display: inline-block; width: .75rem; height: .75rem; margin-right: .4rem; border-radius: 3px; }
summary { cursor: pointer; color: var(--soft); }
footer { margin-top: 2.25rem; padding-top: .9rem; border-top: 1px solid var(--line); color: var(--soft);
         font-size: .87em; }
@media screen and (max-width: 40rem) {
  body { padding: .6rem .4rem; } main { padding: 1.2rem .9rem; } table { font-size: .82em; }
  th, td { padding: .35rem .25rem; } td.name { min-width: 0; } td.time { white-space: normal; }
  .key { gap: .9rem; } svg text { font-size: 17px; } }
@media print { body { padding: 0; background: none; } main { border: 0; padding: 0; max-width: none; } }
";

/// Writes the page.
pub fn page(findings: &Findings, out: &mut dyn Write) -> io::Result<()> {
    let date = date(findings.time);
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Open tracking audit, {date}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>Open tracking audit</h1>\n<p class=\"when\">SendGrid, {date}</p>\n"
    )?;
    let class = if findings.is_good() { "verdict" } else { "verdict bad" };
    writeln!(out, "<p class=\"{class}\">{}</p>", Escaped(&findings.verdict()))?;

    writeln!(out, "<h2>Accounts by state</h2>")?;
    chart(&findings.regions, out)?;
    writeln!(
        out,
        "<table>\n<tr><th>Region</th><th class=\"n\">Accounts</th><th class=\"n\">On</th>\
         <th class=\"n\">Off</th><th class=\"n\">Unreadable</th></tr>"
    )?;
    for region in &findings.regions {
        writeln!(
            out,
            "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td></tr>",
            region.name.as_str(),
            grouped(region.total()),
            grouped(region.on),
            grouped(region.off),
            grouped(region.unreadable)
        )?;
    }
    writeln!(out, "</table>")?;

    if let Some(expect) = findings.expect
        && findings.has_unexpected()
    {
        writeln!(out, "<h2>{}, though expected {}</h2>", capital(on_off(!expect)), on_off(expect))?;
        table(findings.unexpected(), out)?;
    }
    if findings.has_unreadable() {
        writeln!(out, "<h2>Unreadable</h2>")?;
        table(findings.unreadable(), out)?;
    }
    if let Some(drift) = &findings.drift {
        writeln!(out, "<h2>Changed since the baseline</h2>")?;
        match findings.drift_verdict() {
            Some(verdict) if drift.is_empty() => writeln!(out, "<p>{verdict}</p>")?,
            _ => changes(drift, out)?,
        }
    }
    writeln!(
        out,
        "<h2>All accounts</h2>\n<details><summary>{} with the time of each reading</summary>",
        grouped(findings.total())
    )?;
    table(findings.records(), out)?;
    writeln!(
        out,
        "</details>\n<h2>What this proves</h2>\n<p>The account's setting is a default. A message may override it, mail \
         that was sent before keeps its pixel, each subuser has a setting of its own, which is on when the subuser is \
         made, and click tracking is another setting: see docs/what-it-switches.md of libsg_open_tracking.</p>"
    )?;
    for sentence in findings.completeness() {
        writeln!(out, "<p>{}</p>", Escaped(&sentence))?;
    }
    writeln!(
        out,
        "<footer>Made by sg-open-tracking {} from the service's own answers, {date}. Times are UTC.</footer>\n\
         </main>\n</body>\n</html>",
        env!("CARGO_PKG_VERSION")
    )
}

/// A bar a region, in parts by state.
fn chart(regions: &[Region], out: &mut dyn Write) -> io::Result<()> {
    const WIDTH: f64 = 800.0;
    const LEFT: f64 = 60.0;
    const ROW: usize = 34;
    let most = regions.iter().map(Region::total).max().unwrap_or(0).max(1);
    // Room for the number at the end of the longest bar.
    let scale = (WIDTH - LEFT - 70.0) / most as f64;
    writeln!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"Accounts by region and state\">",
        regions.len() * ROW
    )?;
    for (row, region) in regions.iter().enumerate() {
        let top = row * ROW;
        writeln!(out, "<text x=\"0\" y=\"{}\">{}</text>", top + 21, region.name.as_str())?;
        let mut x = LEFT;
        for (state, number) in [("off", region.off), ("on", region.on), ("none", region.unreadable)] {
            if number == 0 {
                continue;
            }
            // One among thousands is still to be seen.
            let width = (number as f64 * scale).max(3.0);
            writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"22\" rx=\"2\" style=\"fill:var(--{state})\">\
                 <title>{}: {}</title></rect>",
                top + 5,
                if state == "none" { "unreadable" } else { state },
                grouped(number)
            )?;
            x += width + 1.0;
        }
        writeln!(
            out,
            "<text class=\"soft\" x=\"{:.1}\" y=\"{}\">{}</text>",
            x + 7.0,
            top + 21,
            grouped(region.total())
        )?;
    }
    writeln!(
        out,
        "</svg>\n<ul class=\"key\"><li><i style=\"background:var(--off)\"></i>off</li>\
         <li><i style=\"background:var(--on)\"></i>on</li>\
         <li><i style=\"background:var(--none)\"></i>unreadable</li></ul>"
    )
}

fn table(records: impl Iterator<Item = Record>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<table>\n<tr><th>Region</th><th>Account</th><th>State</th><th>Read at</th></tr>")?;
    for record in records {
        let time = record.time.strftime("%Y-%m-%d %H:%M:%S");
        write!(
            out,
            "<tr><td>{}</td><td class=\"name\">{}</td>",
            record.account.region.as_str(),
            Escaped(&record.account.name())
        )?;
        match (record.enabled, &record.message) {
            (Some(enabled), _) => write!(out, "<td class=\"{0}\">{0}</td>", on_off(enabled))?,
            (None, why) => write!(out, "<td class=\"why\">{}</td>", Escaped(why.as_deref().unwrap_or("unreadable")))?,
        }
        writeln!(out, "<td class=\"time\">{time}</td></tr>")?;
    }
    writeln!(out, "</table>")
}

fn changes(drift: &[Changed], out: &mut dyn Write) -> io::Result<()> {
    let state = |enabled: Option<bool>| enabled.map_or("&ndash;", on_off);
    writeln!(out, "<table>\n<tr><th>Region</th><th>Account</th><th>Change</th><th>Before</th><th>Now</th></tr>")?;
    for changed in drift {
        writeln!(
            out,
            "<tr><td>{}</td><td class=\"name\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            changed.account.region.as_str(),
            Escaped(&changed.account.name()),
            changed.change.as_str(),
            state(changed.was),
            state(changed.enabled)
        )?;
    }
    writeln!(out, "</table>")
}

/// Text that may hold anything: a name, the words of a server.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_name_is_markup() {
        assert_eq!(Escaped("<a href='x'>&\"").to_string(), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
    }
}
