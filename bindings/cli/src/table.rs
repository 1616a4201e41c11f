//! Lists that people bring: lines of text, or a table as spreadsheets write it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};

use crate::failure::Failure;

/// What separates the columns where nobody says: a comma, what spreadsheets write where the comma
/// is that of decimals, a tab.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// A file, or standard input for "-". UTF-16 is read where its mark says so.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    let input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).map_err(|error| Failure::file(format!("{}: {error}", path.display())))?)
    };
    Ok(Box::new(BufReader::new(decoded(input))))
}

/// All of it.
pub fn text(path: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = open(path)?.read_to_end(&mut bytes);
    read.map_err(|error| Failure::file(format!("{}: {error}", path.display())))?;
    String::from_utf8(bytes).map_err(|error| {
        let read = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
        let line = read.matches('\n').count() + 1;
        Failure::file(format!("{}: line {line} is not UTF-8: save the file as UTF-8", path.display()))
    })
}

fn decoded<R: Read>(input: R) -> DecodeReaderBytes<R, Vec<u8>> {
    DecodeReaderBytesBuilder::new().strip_bom(true).utf8_passthru(true).build(input)
}

/// The lines that hold something, each with its number; those that begin with # are comments.
pub fn lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    let lines = (1..).zip(text.lines().map(str::trim));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// Columns under a line with their names.
pub struct Table<'a> {
    rows: csv::Reader<&'a [u8]>,
    headers: Vec<String>,
}

impl<'a> Table<'a> {
    /// Without a delimiter, the one that gives the first of the `wanted` columns that is there.
    pub fn new(text: &'a str, delimiter: Option<u8>, wanted: &[&str]) -> Result<Table<'a>, Failure> {
        let mut tables = Vec::new();
        for delimiter in delimiter.map_or_else(|| DELIMITERS.to_vec(), |delimiter| vec![delimiter]) {
            let mut rows =
                csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(text.as_bytes());
            let headers = rows.headers().map_err(Failure::file)?.iter().map(str::to_owned).collect();
            tables.push(Table { rows, headers });
        }
        let has_one = |table: &Table| wanted.iter().any(|column| table.column(column).is_some());
        let best = tables.iter().position(has_one).or_else(|| {
            // None has: the error is to show the columns as they are meant.
            (0..tables.len()).max_by_key(|at| (tables[*at].headers.len(), tables.len() - at))
        });
        best.map(|best| tables.swap_remove(best)).ok_or_else(|| Failure::file("no table"))
    }

    /// Which column has this name, in whatever letter case if only one has it.
    pub fn column(&self, name: &str) -> Option<usize> {
        let mut alike = (0..self.headers.len()).filter(|at| self.headers[*at].eq_ignore_ascii_case(name));
        self.headers.iter().position(|header| header == name).or_else(|| match (alike.next(), alike.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        })
    }

    /// The same where it has to be there.
    pub fn column_named(&self, name: &str) -> Result<usize, Failure> {
        let missing = || {
            let headers = self.headers.join("\", \"");
            Failure::file(format!("there is no column \"{name}\": the columns are \"{headers}\"; see also --delimiter"))
        };
        self.column(name).ok_or_else(missing)
    }

    /// Each row, with the number of its line.
    pub fn rows(&mut self) -> impl Iterator<Item = Result<(u64, csv::StringRecord), Failure>> {
        self.rows.records().map(|row| {
            let row = row.map_err(Failure::file)?;
            Ok((row.position().map_or(0, csv::Position::line), row))
        })
    }
}

/// One character; "tab" or "\t" for that.
pub fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "tab" | "\\t" => Ok(b'\t'),
        _ => match text.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
            _ => Err("it is one character, such as ; or tab".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_and_the_column_are_found() {
        let cases: [(&str, Option<u8>, &str, Option<&str>); 9] = [
            ("id,username\n7,a\n", None, "username", Some("a")),
            ("id;username\n7;a\n", None, "username", Some("a")),
            ("id\tusername\n7\ta\n", None, "username", Some("a")),
            ("username\na\n", None, "username", Some("a")),
            ("Name;Note\na;\"x, y\"\n", None, "name", Some("a")),
            ("id|UserName\n7|a\n", Some(b'|'), "username", Some("a")),
            ("id,username\n7,a\n", Some(b';'), "username", None),
            ("NAME,Name\na,b\n", None, "name", None),
            ("", None, "name", None),
        ];
        for (text, delimiter, column, expected) in cases {
            let mut table = Table::new(text, delimiter, &[column]).unwrap();
            let found = table.column(column).map(|at| table.rows().next().unwrap().unwrap().1[at].to_owned());
            assert_eq!(found.as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn text_of_other_encodings() {
        let utf16 = |text: &str, le: bool| -> Vec<u8> {
            let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
            units.flat_map(|unit| if le { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
        };
        for bytes in [utf16("a\nü\n", true), utf16("a\nü\n", false), b"\xEF\xBB\xBFa\n\xC3\xBC\n".to_vec()] {
            assert_eq!(io::read_to_string(decoded(&bytes[..])).unwrap(), "a\nü\n");
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("latin");
        std::fs::write(&path, b"a\n\xFC\n").unwrap();
        assert!(text(&path).unwrap_err().message.unwrap().contains("line 2 is not UTF-8"));
    }
}
