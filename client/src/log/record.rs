//! One line of the log, in logfmt.

use std::fmt::{Display, Write};
use std::time::Duration;

use crate::error::printable;
use crate::key::Key;

/// A line that is being written, or a part of one: `event=retry level=warn call=7 wait_ms=250`.
pub(crate) struct Record<'k> {
    line: String,
    /// What must not stand in it, whoever said it.
    key: &'k Key,
}

impl<'k> Record<'k> {
    pub(super) fn new(key: &'k Key) -> Record<'k> {
        Record { line: String::with_capacity(256), key }
    }

    /// A number, or a word of ours.
    pub(crate) fn word(&mut self, name: &str, value: impl Display) -> &mut Self {
        let blank = if self.line.is_empty() { "" } else { " " };
        // It can't fail for a String.
        let _ = write!(self.line, "{blank}{name}={value}");
        self
    }

    /// A time in milliseconds.
    pub(crate) fn ms(&mut self, name: &str, time: Duration) -> &mut Self {
        self.word(name, time.as_millis())
    }

    /// A text that may come from others: without the key, printable, and in quotation marks if it is
    /// no plain word.
    pub(crate) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        let text = printable(&self.key.redact(text));
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'=');
        if !text.is_empty() && text.bytes().all(is_plain) {
            return self.word(name, text);
        }
        let escaped = text.replace('\\', r"\\").replace('"', r#"\""#);
        self.word(name, format_args!("\"{escaped}\""))
    }

    /// A part that was written before.
    pub(super) fn part(&mut self, part: &str) -> &mut Self {
        if !part.is_empty() {
            self.line.push(' ');
            self.line.push_str(part);
        }
        self
    }

    pub(super) fn finish(self) -> String {
        self.line
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with(text: &str) -> String {
        let key = Key::new("SG.secret").unwrap();
        let mut record = Record::new(&key);
        record.word("event", "end").text("why", text);
        record.finish()
    }

    #[test]
    fn texts_are_quoted_where_they_need_it() {
        let cases = [
            ("plain", "why=plain"),
            ("[::1]:443", "why=[::1]:443"),
            ("", r#"why="""#),
            ("two words", r#"why="two words""#),
            ("a=b", r#"why="a=b""#),
            (r#"say "no""#, r#"why="say \"no\"""#),
            (r"back\slash", r#"why="back\\slash""#),
            ("two\nlines", r#"why="two lines""#),
            ("\u{202e}", r#"why="\\u{202e}""#),
            ("größer", r#"why="größer""#),
            ("Bearer SG.secret!", r#"why="Bearer [key]!""#),
        ];
        for (text, expected) in cases {
            assert_eq!(with(text), format!("event=end {expected}"), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_one_line_that_can_be_read_back(text in any::<String>()) {
            let line = with(&text);
            prop_assert!(!line.contains(char::is_control));
            let value = line.strip_prefix("event=end why=").unwrap();
            let read: serde_json::Value =
                if value.starts_with('"') { serde_json::from_str(value).unwrap() } else { value.into() };
            prop_assert_eq!(read.as_str().unwrap(), printable(&text));
        }
    }
}
