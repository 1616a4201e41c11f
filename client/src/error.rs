//! The error of the safe API: a code, one line for people, and what is known of the call.

use std::fmt;

use crate::{Code, Report};

/// The bytes that a message may have, so that it fits `sg_result.message` with its NUL.
pub(crate) const MESSAGE_MAX: usize = 479;

/// Why a call failed. [`Display`](fmt::Display) gives what happened, to what, and what to do, on
/// one printable line that never holds the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    code: Code,
    message: String,
    /// The value that the server reported; set for [`Code::NotApplied`] only.
    enabled: Option<bool>,
    report: Report,
}

impl Error {
    /// The bytes that a message has at most.
    pub const MESSAGE_MAX: usize = MESSAGE_MAX;

    /// An error with no more known of the call, for those who check arguments before this library
    /// does. Of the message, what is not printable is left out.
    #[must_use]
    pub fn new(code: Code, message: impl AsRef<str>) -> Error {
        Error { code, message: printable(message.as_ref()), enabled: None, report: Report::default() }
    }

    /// The same for an argument that is not acceptable.
    #[must_use]
    pub fn argument(message: impl AsRef<str>) -> Error {
        Error::new(Code::Argument, message)
    }

    pub(crate) fn with_enabled(mut self, enabled: bool) -> Error {
        self.enabled = Some(enabled);
        self
    }

    pub(crate) fn with_report(mut self, report: Report) -> Error {
        self.report = report;
        self
    }

    /// The family of the failure.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The value that the server reported, for [`Code::NotApplied`].
    #[must_use]
    pub fn enabled(&self) -> Option<bool> {
        self.enabled
    }

    /// Status, attempts, the wait asked for and the time spent.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The message, at most 479 bytes of printable text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// The text as one printable line of at most [`MESSAGE_MAX`] bytes, cut at a character boundary. Each
/// run of whitespace becomes one space; characters that are invisible or change the direction of text
/// are escaped, as in \u{202e}.
///
/// Part of it may come from a server, and ends up in terminals and logs.
pub(crate) fn printable(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(MESSAGE_MAX));
    for character in text.chars() {
        let before = line.len();
        if character.is_whitespace() {
            if !line.ends_with(' ') {
                line.push(' ');
            }
        } else if is_invisible(character) {
            line.extend(character.escape_unicode());
        } else {
            line.push(character);
        }
        if line.len() > MESSAGE_MAX {
            line.truncate(before);
            break;
        }
    }
    line
}

/// The beginning of `text` that has at most `max` bytes.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Controls, format characters, all that Unicode calls ignorable by default, fillers, and what has no
/// form of its own.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}'
            | '\u{890}'..='\u{891}' | '\u{8E2}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{E000}'..='\u{F8FF}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{10FFFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn messages_are_one_printable_line() {
        let cases = [
            ("plain", "plain"),
            ("two\r\nlines", "two lines"),
            ("\u{1b}[31mred\u{7}", r"\u{1b}[31mred\u{7}"),
            ("nul\0inside", r"nul\u{0}inside"),
            ("right\u{202e}left", r"right\u{202e}left"),
            ("\u{61c}\u{ad}\u{fff9}\u{115f}\u{e0041}", r"\u{61c}\u{ad}\u{fff9}\u{115f}\u{e0041}"),
            ("no\u{a0}break\u{2003}\u{3000}wide", "no break wide"),
            ("grüße, 世界 🌍", "grüße, 世界 🌍"),
        ];
        for (given, expected) in cases {
            assert_eq!(Error::new(Code::Io, given).message(), expected, "{given:?}");
        }
    }

    #[test]
    fn messages_are_cut_on_a_character() {
        for filler in ["a", "ü", "世", "🌍"] {
            for lead in 0..4 {
                let text = "x".repeat(lead) + &filler.repeat(600);
                let error = Error::new(Code::Io, &text);
                assert!(error.message().len() <= MESSAGE_MAX);
                assert!(error.message().len() > MESSAGE_MAX - 4);
                assert!(text.starts_with(error.message()));
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_makes_one_printable_line(text in any::<String>()) {
            let error = Error::new(Code::Io, &text);
            prop_assert!(error.message().len() <= MESSAGE_MAX);
            prop_assert!(!error.message().chars().any(is_invisible));
            prop_assert!(!error.message().contains("  "));
        }

        #[test]
        fn harmless_text_is_left_alone(text in "[a-zäé世🌍][!-~äé世🌍]{0,119}") {
            let error = Error::new(Code::Io, &text);
            prop_assert_eq!(error.message(), text);
        }

        #[test]
        fn a_cut_is_the_longest_that_fits(text in any::<String>(), max in 0..600_usize) {
            let beginning = cut(&text, max);
            prop_assert!(text.starts_with(beginning) && beginning.len() <= max);
            let next = text[beginning.len()..].chars().next();
            prop_assert!(next.is_none_or(|next| beginning.len() + next.len_utf8() > max));
        }
    }
}
