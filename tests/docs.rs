//! What the documents say of codes and options is what the sources say.

use sg_open_tracking::Code;

const ERRORS: &str = include_str!("../docs/errors.md");
const OPTIONS: &str = include_str!("../docs/options.md");
const HEADER: &str = include_str!("../include/sg_open_tracking.h");

/// The cells of the table that begins with `head`, but for the head and the line below it.
fn rows<'a>(document: &'a str, head: &str) -> Vec<Vec<&'a str>> {
    let table = document.lines().skip_while(|line| !line.starts_with(head)).take_while(|line| line.starts_with('|'));
    table.skip(2).map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

#[test]
fn every_code_is_there_with_what_to_do() {
    let rows = rows(ERRORS, "| number | name |");
    for (index, code) in Code::ALL.iter().enumerate() {
        let expected = format!("{} | `{}` | {}", *code as i32, code.name(), code.meaning().trim());
        let row = rows.get(index).map_or(&[][..], Vec::as_slice);
        assert!(
            row.len() == 4 && row[..3].join(" | ") == expected && row[3].len() > 10,
            "docs/errors.md should have, in the place of {row:?}, the row: | {expected} | WHAT TO DO |"
        );
    }
    assert_eq!(rows.len(), Code::ALL.len(), "docs/errors.md has a row for a code that is none");
}

#[test]
fn every_option_is_there() {
    let setters = HEADER.lines().filter_map(|line| line.strip_prefix("sg_code sg_config_set_")?.split_once('('));
    let setters: Vec<String> = setters.map(|(option, _)| format!("`{option}`")).collect();
    let options: Vec<&str> = rows(OPTIONS, "| option |").iter().map(|row| row[0]).collect();
    assert_eq!(options, setters, "the table of docs/options.md should have the header's options in its order");
}
