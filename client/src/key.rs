//! The API key: checked, kept out of every text, and wiped from memory.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::{Error, redact};

const MAX: usize = 512;
const SCHEME: &str = "Bearer ";

/// An API key, ready as a header's value. Its memory is wiped with the last copy.
#[derive(Clone)]
pub(crate) struct Key(Arc<Zeroizing<String>>);

impl Key {
    /// 1 to 512 bytes of visible ASCII. The usual form is a convention, so it is not asked for.
    pub(crate) fn new(key: &str) -> Result<Key, Error> {
        if key.is_empty() {
            return Err(Error::argument("key is empty"));
        }
        if key.len() > MAX {
            return Err(Error::argument(format!("key is longer than {MAX} bytes")));
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::argument("key has a byte that is not visible ASCII: check it for spaces and line ends"));
        }
        let mut value = Zeroizing::new(String::with_capacity(SCHEME.len() + key.len()));
        value.push_str(SCHEME);
        value.push_str(key);
        Ok(Key(Arc::new(value)))
    }

    /// The text without the key, should a server have repeated it: as it is, or escaped as JSON, URLs
    /// and HTML do it.
    pub(crate) fn redact(&self, text: &str) -> String {
        redact::cut_out(&self.0[SCHEME.len()..], text)
    }

    /// What stands behind "authorization: ".
    pub(crate) fn value(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys() {
        for good in ["k", "SG.aaaa.bbbb", "!~", &"x".repeat(512)] {
            let key = Key::new(good).unwrap();
            assert_eq!(format!("{key:?}"), "Key(..)");
            assert_eq!(key.redact(&format!("<{good}>")), "<[key]>");
        }
        for bad in ["", " ", "a b", "a\r\nX: y", "a\n", "\u{7f}", "schlüssel", "a\tb", "\0", &"x".repeat(513)] {
            let error = Key::new(bad).unwrap_err();
            assert!(error.message().starts_with("key "), "{error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_is_what_a_header_may_carry(text in any::<String>()) {
            let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
            prop_assert_eq!(Key::new(&text).is_ok(), visible && (1..=MAX).contains(&text.len()));
        }

        #[test]
        fn no_text_keeps_the_key(key in "[!-~]{8,80}", parts in proptest::collection::vec("[ -~]{0,20}", 0..6)) {
            let redacted = Key::new(&key).unwrap().redact(&parts.join(&key));
            prop_assert!(!redacted.contains(&key), "{}", redacted);
        }
    }
}
