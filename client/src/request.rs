//! What goes to the server, and the checks that keep anything else out of it.

use ureq::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use ureq::http::uri::PathAndQuery;
use ureq::http::{self, Method, Uri};

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
const ON_BEHALF_OF: HeaderName = HeaderName::from_static("on-behalf-of");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Whether `on_behalf_of` may stand for an account: a subuser's name, or `account-id <id>`. Each
/// call checks it too; this is for those who check a whole list before they begin.
///
/// # Errors
/// [`Code::Argument`](crate::Code::Argument) if it is not 1 to 256 bytes of printable ASCII without
/// a space at either end.
pub fn check_on_behalf_of(name: &str) -> Result<(), Error> {
    on_behalf_of(name).map(drop)
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

/// What all requests to one place have in common, made once since each of them needs it.
pub(crate) struct Resource {
    uri: Uri,
    host: HeaderValue,
    user_agent: HeaderValue,
}

impl Resource {
    pub(crate) fn new(base_url: &BaseUrl, path: &str, user_agent: &str) -> Result<Resource, Error> {
        let refuse = |why: String| Error::argument(format!("base_url: {why}"));
        Ok(Resource {
            uri: base_url.join(path).map_err(refuse)?,
            host: HeaderValue::try_from(base_url.host()).map_err(|error| refuse(error.to_string()))?,
            user_agent: HeaderValue::from_str(user_agent).map_err(|error| refuse(error.to_string()))?,
        })
    }
}

/// One request, to be sent as often as the retries need.
pub(crate) struct Request<'a> {
    method: Method,
    resource: &'a Resource,
    pub(crate) key: &'a Key,
    on_behalf_of: Option<HeaderValue>,
    pub(crate) body: Option<Json>,
}

/// A body and its length.
#[derive(Clone, Copy)]
pub(crate) struct Json(pub(crate) &'static str, &'static str);

const ON: Json = Json(r#"{"enabled":true}"#, "16");
const OFF: Json = Json(r#"{"enabled":false}"#, "17");

impl<'a> Request<'a> {
    pub(crate) fn read(resource: &'a Resource, key: &'a Key, on_behalf_of: Option<HeaderValue>) -> Request<'a> {
        Request { method: Method::GET, resource, key, on_behalf_of, body: None }
    }

    pub(crate) fn update(
        resource: &'a Resource,
        key: &'a Key,
        on_behalf_of: Option<HeaderValue>,
        enabled: bool,
    ) -> Request<'a> {
        let body = if enabled { ON } else { OFF };
        Request { method: Method::PATCH, resource, key, on_behalf_of, body: Some(body) }
    }

    pub(crate) fn method(&self) -> &Method {
        &self.method
    }

    /// The path and the query.
    pub(crate) fn path(&self) -> &str {
        self.resource.uri.path_and_query().map_or("", PathAndQuery::as_str)
    }

    pub(crate) fn on_behalf_of(&self) -> Option<&str> {
        self.on_behalf_of.as_ref().and_then(|name| name.to_str().ok())
    }

    /// All of it but the key, which the connection puts in as it sends.
    pub(crate) fn to_http<B>(&self, body: B) -> http::Request<B> {
        let mut request = http::Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.resource.uri.clone();
        let headers = request.headers_mut();
        // ureq would make anew what is missing here.
        *headers = HeaderMap::with_capacity(8);
        headers.insert(HOST, self.resource.host.clone());
        headers.insert(USER_AGENT, self.resource.user_agent.clone());
        headers.insert(ACCEPT, JSON);
        if let Some(name) = &self.on_behalf_of {
            headers.insert(ON_BEHALF_OF, name.clone());
        }
        if let Some(Json(_, length)) = self.body {
            headers.insert(CONTENT_TYPE, JSON);
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static(length));
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_are_those_of_the_bodies() {
        for Json(body, length) in [ON, OFF] {
            assert_eq!(body.len().to_string(), length);
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

    proptest! {
        #[test]
        fn what_is_taken_is_what_a_header_may_carry(text in any::<String>()) {
            let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && text.trim_matches(' ') == text;
            prop_assert_eq!(on_behalf_of(&text).is_ok(), printable && (1..=ON_BEHALF_OF_MAX).contains(&text.len()));
        }
    }
}
