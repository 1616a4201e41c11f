//! What is taken out of a reply before ureq reads it, because ureq refuses it though HTTP allows it:
//! interim responses that have headers (RFC 9110, section 15.2), and the extensions of chunks (RFC
//! 9112, section 7.1.1). All else passes as it came, and is judged there.

use super::error::HEADER_MAX;
use crate::Code;
use crate::fault::Fault;

/// An extension longer than this is somebody's mistake, or an attack.
const EXTENSION_MAX: usize = 8 * 1024;

/// Where in a reply the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// In its head, the first bytes of which were looked through in vain for the head's end.
    Head { seen: usize },
    /// At the beginning of the line with a chunk's size, or in it.
    Size { size: Option<u64> },
    /// Behind those, of which so many bytes were left out.
    Extension { size: u64, left_out: usize },
    /// Before the line feed of that line.
    EndOfSize { size: u64 },
    /// In a chunk, of which so much is to come, with the end of its line.
    Chunk { left: u64 },
    /// Where nothing needs to be taken out any more.
    Rest,
}

impl Default for Framing {
    fn default() -> Self {
        Framing::Head { seen: 0 }
    }
}

impl Framing {
    /// Sifts the bytes of a reply that are not consumed, of which the first `passed` were passed on
    /// before: all of the head, since that is consumed in one. Those that may be passed on by now
    /// stand at the front afterwards; how many there are, and how many are to be kept behind them
    /// until more has arrived.
    pub(super) fn sift(&mut self, bytes: &mut [u8], passed: usize) -> Result<(usize, usize), Fault> {
        let mut end = bytes.len();
        while let Framing::Head { seen } = *self {
            let head = &bytes[..end];
            let Some(Head { length, is_chunked }) = Head::find(head, seen) else {
                *self = Framing::Head { seen: end };
                if !may_be_interim(head) {
                    return Ok((end, 0));
                }
                if end > HEADER_MAX {
                    let message = format!("an interim reply's header is larger than {HEADER_MAX} bytes");
                    return Err(Fault::new(Code::Protocol, message));
                }
                return Ok((0, end));
            };
            if is_interim(head) {
                bytes.copy_within(length..end, 0);
                end -= length;
                *self = Framing::default();
            } else if is_chunked {
                *self = Framing::Size { size: None };
                return Ok((length + self.chunks(&mut bytes[length..end])?, 0));
            } else {
                *self = Framing::Rest;
            }
        }
        match self {
            Framing::Rest => Ok((end, 0)),
            _ => Ok((passed + self.chunks(&mut bytes[passed..end])?, 0)),
        }
    }

    /// The same for a body in chunks.
    fn chunks(&mut self, arrived: &mut [u8]) -> Result<usize, Fault> {
        let (mut from, mut to) = (0, 0);
        while from < arrived.len() {
            if let Framing::Chunk { left } = self {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(arrived.len() - from);
                arrived.copy_within(from..from + count, to);
                (from, to) = (from + count, to + count);
                *left -= count as u64;
                if *left == 0 {
                    *self = Framing::Size { size: None };
                }
                continue;
            }
            let byte = arrived[from];
            from += 1;
            if self.takes_out(byte)? {
                continue;
            }
            arrived[to] = byte;
            to += 1;
            if *self == Framing::Rest {
                arrived.copy_within(from.., to);
                return Ok(to + arrived.len() - from);
            }
        }
        Ok(to)
    }

    /// Goes on by a byte of a size's line; whether that is left out.
    fn takes_out(&mut self, byte: u8) -> Result<bool, Fault> {
        match *self {
            Framing::Size { size } => {
                let digit = char::from(byte).to_digit(16).map(u64::from);
                *self = match (byte, size, digit) {
                    (_, None, Some(digit)) => Framing::Size { size: Some(digit) },
                    (_, Some(size), Some(digit)) if size <= u64::MAX >> 4 => {
                        Framing::Size { size: Some(size << 4 | digit) }
                    }
                    (b';' | b' ' | b'\t', Some(size), _) => Framing::Extension { size, left_out: 1 },
                    (b'\r', Some(size), _) => Framing::EndOfSize { size },
                    // No size: ureq says so.
                    _ => Framing::Rest,
                };
                Ok(matches!(self, Framing::Extension { .. }))
            }
            Framing::EndOfSize { size } => {
                *self = match (byte, size) {
                    // Behind the last chunk come the trailer and the end.
                    (b'\n', 1..) => Framing::Chunk { left: size.saturating_add(2) },
                    _ => Framing::Rest,
                };
                Ok(false)
            }
            Framing::Extension { size, left_out } => match byte {
                b'\r' => {
                    *self = Framing::EndOfSize { size };
                    Ok(false)
                }
                b'\n' | 0 => Err(Fault::new(Code::Protocol, "the reply has a chunk extension with a broken line")),
                _ if left_out == EXTENSION_MAX => {
                    let message = format!("the reply has a chunk extension of more than {EXTENSION_MAX} bytes");
                    Err(Fault::new(Code::Protocol, message))
                }
                _ => {
                    *self = Framing::Extension { size, left_out: left_out + 1 };
                    Ok(true)
                }
            },
            _ => Ok(false),
        }
    }
}

/// A whole head, with the empty line at its end.
struct Head {
    length: usize,
    /// Whether the body comes in chunks. With a coding besides, or a length, it is refused later.
    is_chunked: bool,
}

impl Head {
    /// The head of `bytes`, whose end is not among the first `seen`. It ends where ureq ends it,
    /// whose parser takes a bare line feed for the end of a line too (RFC 9112, section 2.2).
    fn find(bytes: &[u8], seen: usize) -> Option<Head> {
        let new = &bytes[seen.saturating_sub(2)..];
        let ends = |at: usize| matches!(new[at + 1..], [b'\n', ..] | [b'\r', b'\n', ..]);
        if seen > 0 && !memchr::memchr_iter(b'\n', new).any(ends) {
            return None;
        }
        let (mut line, mut is_chunked) = (0, false);
        for end in memchr::memchr_iter(b'\n', bytes) {
            let text = &bytes[line..end];
            if matches!(text, b"" | b"\r") {
                return Some(Head { length: end + 1, is_chunked });
            }
            is_chunked |= matches!(text.first(), Some(b't' | b'T')) && says_chunked(text);
            line = end + 1;
        }
        None
    }
}

fn says_chunked(line: &[u8]) -> bool {
    const NAME: &[u8] = b"transfer-encoding:";
    let is_it = line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME));
    is_it && line[NAME.len()..].trim_ascii().to_ascii_lowercase().ends_with(b"chunked")
}

const INTERIM: &[u8] = b"HTTP/1.1 1";

/// 101 is none: what follows it is no reply.
fn is_interim(head: &[u8]) -> bool {
    head.starts_with(INTERIM) && head.get(INTERIM.len()..INTERIM.len() + 2).is_some_and(|rest| rest != b"01")
}

fn may_be_interim(head: &[u8]) -> bool {
    let length = head.len().min(INTERIM.len());
    head[..length] == INTERIM[..length] && (head.len() < INTERIM.len() + 2 || is_interim(head))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is passed on of a reply that arrives in parts of this size.
    fn passed(reply: &[u8], part: usize) -> Result<Vec<u8>, Fault> {
        let (mut framing, mut bytes, mut passed) = (Framing::default(), Vec::new(), 0);
        for part in reply.chunks(part) {
            bytes.extend_from_slice(part);
            let (pass, keep) = framing.sift(&mut bytes, passed)?;
            bytes.truncate(pass + keep);
            passed = pass;
        }
        bytes.truncate(passed);
        Ok(bytes)
    }

    #[test]
    fn what_is_taken_out() {
        const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-Encoding:\tChunked \r\n\r\n";
        const LINE_FEEDS: &str = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n";
        let long = "x".repeat(EXTENSION_MAX - 1);
        let cases = [
            (OK.to_owned(), Some(OK.to_owned())),
            (format!("HTTP/1.1 100 Continue\r\n\r\n{OK}"), Some(OK.to_owned())),
            (format!("HTTP/1.1 100 C\r\nA: b\r\n\r\nHTTP/1.1 103 E\r\nLink: <a>\r\n\r\n{OK}"), Some(OK.to_owned())),
            ("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nabc".to_owned(), None),
            ("HTTP/1.1 1".to_owned(), Some(String::new())),
            ("not http at all".to_owned(), None),
            (format!("{CHUNKED}2\r\n{{}}\r\n0\r\n\r\n"), None),
            (
                format!("{CHUNKED}2;a=b\r\n{{}}\r\n0;c\r\nX: y\r\n\r\n"),
                Some(format!("{CHUNKED}2\r\n{{}}\r\n0\r\nX: y\r\n\r\n")),
            ),
            (format!("{CHUNKED}2 ; a=\"1;2\"\r\n;;\r\n0\r\n\r\n"), Some(format!("{CHUNKED}2\r\n;;\r\n0\r\n\r\n"))),
            (format!("{CHUNKED}2;{long}\r\n;;\r\n0\r\n\r\n"), Some(format!("{CHUNKED}2\r\n;;\r\n0\r\n\r\n"))),
            (format!("{CHUNKED};a\r\n{{}}"), None),
            (format!("{CHUNKED}g;a\r\n{{}}"), None),
            (format!("{LINE_FEEDS}2;a\r\n{{}}\r\n0\r\n\r\n"), Some(format!("{LINE_FEEDS}2\r\n{{}}\r\n0\r\n\r\n"))),
            (format!("HTTP/1.1 103 E\nLink: <a>\n\n{OK}"), Some(OK.to_owned())),
            (format!("{CHUNKED}11111111111111111;a\r\n{{}}"), None),
        ];
        for (reply, expected) in cases {
            let expected = expected.as_ref().unwrap_or(&reply);
            for part in [1, 2, 3, 7, 50, 100_000] {
                let passed = passed(reply.as_bytes(), part).unwrap();
                assert_eq!(String::from_utf8_lossy(&passed), *expected, "in parts of {part}");
            }
        }
        for broken in ["2;a\nb\r\n{}", &format!("2;{}\r\n", "x".repeat(EXTENSION_MAX + 1)), "2;a\0\r\n"] {
            assert!(passed(format!("{CHUNKED}{broken}").as_bytes(), 1000).is_err(), "{broken:.20}");
        }
        assert!(passed(format!("HTTP/1.1 100 C\r\nA: {}", "x".repeat(HEADER_MAX)).as_bytes(), 1000).is_err());
    }

    proptest! {
        #[test]
        fn a_head_ends_where_the_parser_of_ureq_ends_it(
            fields in proptest::collection::vec("[A-Za-z-]{1,4}:[ -~\t]{0,4}", 0..4),
            ends in proptest::collection::vec(prop_oneof![Just("\n"), Just("\r\n")], 6),
            body in "[\r\na:]{0,12}",
            seen in any::<proptest::sample::Index>(),
        ) {
            let mut head = "HTTP/1.1 200 OK".to_owned();
            for (field, end) in fields.iter().map(String::as_str).chain([""]).zip(&ends) {
                head.push_str(end);
                head.push_str(field);
            }
            head.push_str(ends[5]);
            let mut headers = [httparse::EMPTY_HEADER; 4];
            let reply = format!("{head}{body}");
            let parsed = httparse::Response::new(&mut headers).parse(reply.as_bytes());
            prop_assert_eq!(parsed, Ok(httparse::Status::Complete(head.len())));
            let seen = seen.index(head.len());
            prop_assert_eq!(Head::find(reply.as_bytes(), seen).map(|head| head.length), Some(head.len()));
            prop_assert!(Head::find(&reply.as_bytes()[..seen], 0).is_none());
        }

        #[test]
        fn parts_make_no_difference(
            body in proptest::collection::vec(prop_oneof![Just(b'1'), Just(b';'), Just(b'\r'), Just(b'\n'), any::<u8>()], 0..60),
            chunked in any::<bool>(),
            part in 1..20_usize,
        ) {
            let mut reply = b"HTTP/1.1 200 OK\r\n".to_vec();
            reply.extend_from_slice(if chunked { b"Transfer-Encoding: chunked\r\n\r\n" } else { b"\r\n" });
            reply.extend_from_slice(&body);
            let whole = passed(&reply, 100_000).map_err(|fault| fault.message);
            prop_assert_eq!(passed(&reply, part).map_err(|fault| fault.message), whole.clone());
            if !chunked {
                prop_assert_eq!(whole, Ok(reply));
            }
        }
    }
}
