//! What the README says of the codes is what the one table says.

use std::fmt::Write as _;

use sg_open_tracking::Code;

#[test]
fn the_table_of_codes_is_the_source_s() {
    let mut table = String::from("| number | name | meaning |\n|---|---|---|\n");
    for code in Code::ALL {
        let _ = writeln!(table, "| {} | `{}` | {} |", *code as i32, code.name(), code.meaning().trim());
    }
    let readme = include_str!("../README.md");
    assert!(readme.contains(&table), "README.md should have this table:\n{table}");
}
