//! What goes to the server, and the checks that keep anything else out of it.

use ureq::http::header::{HOST, HeaderValue};
use ureq::http::uri::PathAndQuery;
use ureq::http::{self, Uri};

use crate::key::Key;
use crate::url::BaseUrl;
use crate::{Error, Region};

/// The path of the open-tracking setting.
pub(crate) const SETTING_PATH: &str = "/v3/tracking_settings/open";

/// The path and query of the `limit` subusers of the region from number `offset` on, counted from 0.
pub(crate) fn subusers_path(region: Region, limit: usize, offset: usize) -> String {
    let region = match region {
        Region::Global => "global",
        Region::Eu => "eu",
    };
    format!("/v3/subusers?limit={limit}&offset={offset}&region={region}")
}

const ON_BEHALF_OF_MAX: usize = 256;

/// Whether `on_behalf_of` may stand for an account: a subuser's name, or `account-id <id>`. Each
/// call checks it too; this is for those who check a whole list before they begin.
///
/// # Errors
/// [`Code::Argument`](crate::Code::Argument) if it is not 1 to 256 bytes of printable ASCII without
/// a space at either end.
pub fn check_on_behalf_of(name: &str) -> Result<(), Error> {
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
    Ok(())
}

/// What all requests to one place have in common, made once since each of them needs it.
pub(crate) struct Resource {
    uri: Uri,
    host: HeaderValue,
    /// The request from the path on, as far as it is the same in all of them.
    head: String,
}

impl Resource {
    pub(crate) fn new(base_url: &BaseUrl, path: &str, user_agent: &str) -> Result<Resource, Error> {
        let refuse = |why: String| Error::argument(format!("base_url: {why}"));
        let uri = base_url.join(path).map_err(refuse)?;
        let host = base_url.host();
        let target = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let head =
            format!("{target} HTTP/1.1\r\nhost: {host}\r\nuser-agent: {user_agent}\r\naccept: application/json\r\n");
        let host = HeaderValue::try_from(host).map_err(|error| refuse(error.to_string()))?;
        Ok(Resource { uri, host, head })
    }
}

/// One request, to be sent as often as the retries need.
pub(crate) struct Request<'a> {
    resource: &'a Resource,
    key: &'a Key,
    on_behalf_of: Option<&'a str>,
    update_to: Option<bool>,
}

/// Room for what a [`Request`] has besides its resource's head: a key of 512 bytes, a name of 256.
const REST_MAX: usize = 1024;

/// The rest of an update behind its header's other lines.
const ON: &str = "content-type: application/json\r\ncontent-length: 16\r\n\r\n{\"enabled\":true}";
const OFF: &str = "content-type: application/json\r\ncontent-length: 17\r\n\r\n{\"enabled\":false}";

impl<'a> Request<'a> {
    /// A read of the resource, or its update.
    pub(crate) fn new(
        resource: &'a Resource,
        key: &'a Key,
        update_to: Option<bool>,
        on_behalf_of: Option<&'a str>,
    ) -> Result<Request<'a>, Error> {
        on_behalf_of.map_or(Ok(()), check_on_behalf_of)?;
        Ok(Request { resource, key, on_behalf_of, update_to })
    }

    pub(crate) fn method(&self) -> &'static str {
        if self.update_to.is_some() { "PATCH" } else { "GET" }
    }

    /// The path and the query.
    pub(crate) fn path(&self) -> &str {
        self.resource.uri.path_and_query().map_or("", PathAndQuery::as_str)
    }

    pub(crate) fn on_behalf_of(&self) -> Option<&str> {
        self.on_behalf_of
    }

    /// Writes the request as it is sent.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        // Were it to grow later, it would leave a copy of the key behind.
        out.reserve(self.resource.head.len() + REST_MAX);
        let mut write = |parts: &[&str]| parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
        write(&[self.method(), " ", &self.resource.head, "authorization: ", self.key.value(), "\r\n"]);
        if let Some(name) = self.on_behalf_of {
            write(&["on-behalf-of: ", name, "\r\n"]);
        }
        write(&[match self.update_to {
            Some(true) => ON,
            Some(false) => OFF,
            None => "\r\n",
        }]);
    }

    /// What ureq is told of it, which is where the reply comes from: a read of the place. Told more, it
    /// would make a map of the header and write it line by line, an eighth of a call's instructions; and
    /// have the key.
    pub(crate) fn to_http(&self) -> http::Request<()> {
        let mut request = http::Request::new(());
        *request.uri_mut() = self.resource.uri.clone();
        // ureq would make it anew.
        request.headers_mut().insert(HOST, self.resource.host.clone());
        request
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_are_those_of_the_bodies() {
        for update in [ON, OFF] {
            let (head, body) = update.split_once("\r\n\r\n").unwrap();
            assert!(head.ends_with(&format!("content-length: {}", body.len())), "{update}");
        }
    }

    #[test]
    fn as_it_is_sent() {
        let base_url = BaseUrl::parse("https://localhost:8443/base").unwrap();
        let resource = Resource::new(&base_url, "/path?a=b", "agent/1").unwrap();
        let key = Key::new("SG.key").unwrap();
        let head = "/base/path?a=b HTTP/1.1\r\nhost: localhost:8443\r\nuser-agent: agent/1\r\n\
                    accept: application/json\r\nauthorization: Bearer SG.key\r\n";
        let json = "content-type: application/json\r\ncontent-length";
        let cases = [
            (None, None, format!("GET {head}\r\n")),
            (None, Some("a b"), format!("GET {head}on-behalf-of: a b\r\n\r\n")),
            (Some(true), None, format!("PATCH {head}{json}: 16\r\n\r\n{{\"enabled\":true}}")),
            (Some(false), Some("a"), format!("PATCH {head}on-behalf-of: a\r\n{json}: 17\r\n\r\n{{\"enabled\":false}}")),
        ];
        for (update_to, on_behalf_of, expected) in cases {
            let mut sent = Vec::new();
            Request::new(&resource, &key, update_to, on_behalf_of).unwrap().write(&mut sent);
            assert_eq!(String::from_utf8(sent).unwrap(), expected);
        }
    }

    #[test]
    fn the_longest_leaves_no_copy_behind() {
        let resource = Resource::new(&BaseUrl::parse("https://localhost").unwrap(), SETTING_PATH, "agent/1").unwrap();
        let (key, name) = (Key::new(&"k".repeat(512)).unwrap(), "n".repeat(ON_BEHALF_OF_MAX));
        let mut sent = Vec::new();
        Request::new(&resource, &key, Some(false), Some(&name)).unwrap().write(&mut sent);
        assert!(sent.len() <= resource.head.len() + REST_MAX, "{}", sent.len());
    }

    #[test]
    fn on_behalf_of_names() {
        for good in ["a", "sub user", "account-id 123", "someone@example.com", &"x".repeat(256)] {
            check_on_behalf_of(good).unwrap();
        }
        for bad in ["", " ", " a", "a ", "a\r\nX: y", "a\tb", "\u{7f}", "jürgen", "a\0b", &"x".repeat(257)] {
            let error = check_on_behalf_of(bad).unwrap_err();
            assert!(error.message().starts_with("on_behalf_of "), "{error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_is_what_a_header_may_carry(text in any::<String>()) {
            let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && text.trim_matches(' ') == text;
            prop_assert_eq!(check_on_behalf_of(&text).is_ok(), printable && (1..=ON_BEHALF_OF_MAX).contains(&text.len()));
        }
    }
}
