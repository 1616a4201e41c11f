//! What goes to the server, and the checks that keep anything else out of it.

use std::fmt;

use bytes::Bytes;
use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use ureq::http::{self, Method, Uri};
use zeroize::Zeroizing;

use crate::Error;

/// The path of the open-tracking setting.
pub(crate) const SETTING_PATH: &str = "/v3/tracking_settings/open";

const KEY_MAX: usize = 512;
const ON_BEHALF_OF_MAX: usize = 256;
const ON_BEHALF_OF: HeaderName = HeaderName::from_static("on-behalf-of");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const SCHEME: &str = "Bearer ";

/// An API key, ready as a header. Its memory is wiped with the last copy.
#[derive(Clone)]
pub(crate) struct Key(HeaderValue);

impl Key {
    /// 1 to 512 bytes of visible ASCII. The usual form is a convention, so it is not asked for.
    pub(crate) fn new(key: &str) -> Result<Key, Error> {
        if key.is_empty() {
            return Err(Error::argument("key is empty"));
        }
        if key.len() > KEY_MAX {
            return Err(Error::argument(format!("key is longer than {KEY_MAX} bytes")));
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::argument("key has a byte that is not visible ASCII: check it for spaces and line ends"));
        }
        let mut value = Zeroizing::new(Vec::with_capacity(SCHEME.len() + key.len()));
        value.extend_from_slice(SCHEME.as_bytes());
        value.extend_from_slice(key.as_bytes());
        let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(value))
            .map_err(|_| Error::argument("key can't be a header"))?;
        value.set_sensitive(true);
        Ok(Key(value))
    }

    /// The text without the key, should a server have repeated it.
    pub(crate) fn redact(&self, text: String) -> String {
        match self.0.to_str() {
            Ok(value) if text.contains(&value[SCHEME.len()..]) => text.replace(&value[SCHEME.len()..], "[key]"),
            _ => text,
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// A subuser's name or `account-id <id>`: 1 to 256 bytes of printable ASCII, no space at either
/// end.
pub(crate) fn on_behalf_of(name: &str) -> Result<HeaderValue, Error> {
    let refuse = |why: &str| Err(Error::argument(format!("on_behalf_of {why}")));
    if name.is_empty() {
        return refuse("is empty: leave it out to mean the account itself");
    }
    if name.len() > ON_BEHALF_OF_MAX {
        return refuse(&format!("is longer than {ON_BEHALF_OF_MAX} bytes"));
    }
    if !name.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return refuse("has a byte that is not printable ASCII");
    }
    if name.starts_with(' ') || name.ends_with(' ') {
        return refuse("begins or ends with a space");
    }
    HeaderValue::from_str(name).or_else(|_| refuse("can't be a header"))
}

/// One request, to be sent as often as the retries need.
pub(crate) struct Request<'a> {
    method: Method,
    uri: &'a Uri,
    key: &'a Key,
    on_behalf_of: Option<HeaderValue>,
    /// JSON.
    pub(crate) body: Option<&'static str>,
}

impl<'a> Request<'a> {
    pub(crate) fn read(uri: &'a Uri, key: &'a Key, on_behalf_of: Option<HeaderValue>) -> Request<'a> {
        Request { method: Method::GET, uri, key, on_behalf_of, body: None }
    }

    pub(crate) fn update(uri: &'a Uri, key: &'a Key, on_behalf_of: Option<HeaderValue>, enabled: bool) -> Request<'a> {
        let body = if enabled { r#"{"enabled":true}"# } else { r#"{"enabled":false}"# };
        Request { method: Method::PATCH, uri, key, on_behalf_of, body: Some(body) }
    }

    pub(crate) fn to_http<B>(&self, body: B) -> http::Request<B> {
        let mut request = http::Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.key.0.clone());
        if let Some(name) = &self.on_behalf_of {
            headers.insert(ON_BEHALF_OF, name.clone());
        }
        if self.body.is_some() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        for good in ["k", "SG.aaaa.bbbb", "!~", &"x".repeat(512)] {
            let key = Key::new(good).unwrap();
            assert_eq!(format!("{key:?}"), "Key(..)");
            assert_eq!(key.redact(format!("<{good}>")), "<[key]>");
        }
        for bad in ["", " ", "a b", "a\r\nX: y", "a\n", "\u{7f}", "schlüssel", "a\tb", "\0", &"x".repeat(513)] {
            let error = Key::new(bad).unwrap_err();
            assert!(error.message().starts_with("key "), "{error}");
        }
    }

    #[test]
    fn on_behalf_of_names() {
        for good in ["a", "sub user", "account-id 123", "someone@example.com", &"x".repeat(256)] {
            assert_eq!(on_behalf_of(good).unwrap(), good);
        }
        for bad in ["", " ", " a", "a ", "a\r\nX: y", "a\tb", "\u{7f}", "jürgen", "a\0b", &"x".repeat(257)] {
            let error = on_behalf_of(bad).unwrap_err();
            assert!(error.message().starts_with("on_behalf_of "), "{error}");
        }
    }
}
