//! HTTP/1.1 by hand, as far as the sandbox needs it: a server library would hide the bytes that
//! the faults are made of.

use std::io;
use std::time::SystemTime;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const MAX_HEAD: usize = 64 * 1024;
const MAX_BODY: usize = 1024 * 1024;
const MAX_HEADERS: usize = 100;

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub method: String,
    /// The path with its query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub keep_alive: bool,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// A value of the query, percent-decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .find(|(known, _)| *known == name)
            .map(|(_, value)| percent_decoded(value))
    }

    pub fn on_behalf_of(&self) -> Option<&str> {
        self.header("on-behalf-of")
    }

    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = (*first == b'%')
            .then(|| tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(match (escaped, first) {
            (Some(byte), _) => byte,
            (None, b'+') => b' ',
            (None, byte) => *byte,
        });
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A reply before it is put on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(status: u16, body: &Value) -> Self {
        Self::json_bytes(status, body.to_string().into_bytes())
    }

    pub fn json_bytes(status: u16, body: Vec<u8>) -> Self {
        Self { status, headers: vec![("Content-Type".into(), "application/json".into())], body }
    }

    pub fn error(status: u16, message: &str) -> Self {
        Self::error_in(status, &Value::Null, message)
    }

    pub fn error_in(status: u16, field: &Value, message: &str) -> Self {
        let error = json!({ "field": field, "message": message });
        Self::json(status, &json!({ "errors": [error] }))
    }

    /// The reply that the service is known to give with this status.
    pub fn usual(status: u16) -> Self {
        match status {
            204 | 304 => Self { status, headers: Vec::new(), body: Vec::new() },
            ..400 => Self::json(status, &json!({})),
            400 => Self::error(400, "bad request"),
            401 => Self::error(401, "authorization required"),
            403 => Self::error_in(403, &json!("null"), "access forbidden"),
            404 => Self::error(404, "not found"),
            405 => Self::error(405, "method not allowed"),
            406 => Self::error(406, "not acceptable"),
            429 => Self::error(429, "too many requests"),
            451 => Self::error(451, "unavailable due to data residency restrictions"),
            500.. => Self::html(status),
            _ => Self::error(status, &reason(status).to_lowercase()),
        }
    }

    /// What a proxy before the service says.
    pub fn html(status: u16) -> Self {
        let title = format!("{status} {}", reason(status));
        let body = format!("<html><head><title>{title}</title></head><body>{title}</body></html>");
        Self { status, headers: vec![("Content-Type".into(), "text/html".into())], body: body.into_bytes() }
    }

    /// Sets a header in place of one of that name, in any letter case.
    pub fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Sets a header where there is none of that name.
    pub fn set_default(&mut self, name: &str, value: &str) {
        if !self.has(name) {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// The status line and the headers.
    pub fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// Whether a reply of this status may carry a body, and so must tell its length.
    pub fn may_have_body(&self) -> bool {
        !matches!(self.status, 204 | 304)
    }
}

/// The `Date` header for a moment.
pub(crate) fn date(moment: SystemTime) -> String {
    httpdate::fmt_http_date(moment)
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Unknown",
    }
}

/// Reads requests from a connection, one after the other.
#[derive(Debug, Default)]
pub(crate) struct RequestReader {
    buffer: Vec<u8>,
}

impl RequestReader {
    /// Waits for the first byte of a request; false if the client closed instead.
    pub async fn wait<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> io::Result<bool> {
        Ok(!self.buffer.is_empty() || stream.read_buf(&mut self.buffer).await? > 0)
    }

    /// Reads a whole request.
    pub async fn read<S: AsyncRead + AsyncWrite + Unpin>(&mut self, stream: &mut S) -> io::Result<Request> {
        let (mut request, head) = loop {
            match parse_head(&self.buffer)? {
                Some(parsed) => break parsed,
                None if self.buffer.len() > MAX_HEAD => return Err(malformed("head too large")),
                None => self.more(stream).await?,
            }
        };
        self.buffer.drain(..head);
        if request.header("expect").is_some() {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
            stream.flush().await?;
        }
        request.body = self.body(stream, &request).await?;
        Ok(request)
    }

    async fn body<S: AsyncRead + Unpin>(&mut self, stream: &mut S, request: &Request) -> io::Result<Vec<u8>> {
        if let Some(coding) = request.header("transfer-encoding") {
            if !coding.eq_ignore_ascii_case("chunked") {
                return Err(malformed("unknown transfer coding"));
            }
            return self.chunks(stream).await;
        }
        let length = match request.header("content-length") {
            None => 0,
            Some(text) => text.parse().map_err(|_| malformed("odd content-length"))?,
        };
        self.take(stream, length).await
    }

    async fn chunks<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line(stream).await?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(digits, 16).map_err(|_| malformed("odd chunk"))?;
            if size == 0 {
                while !self.line(stream).await?.is_empty() {}
                return Ok(body);
            }
            body.extend(self.take(stream, size).await?);
            if body.len() > MAX_BODY || !self.line(stream).await?.is_empty() {
                return Err(malformed("odd chunk"));
            }
        }
    }

    async fn line<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> io::Result<String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                let line = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
                self.buffer.drain(..end + 2);
                return Ok(line);
            }
            if self.buffer.len() > MAX_HEAD {
                return Err(malformed("line too long"));
            }
            self.more(stream).await?;
        }
    }

    async fn take<S: AsyncRead + Unpin>(&mut self, stream: &mut S, length: usize) -> io::Result<Vec<u8>> {
        if length > MAX_BODY {
            return Err(malformed("body too large"));
        }
        while self.buffer.len() < length {
            self.more(stream).await?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    async fn more<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> io::Result<()> {
        match stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// The request that a head tells, and the head's length; `None` if there is more to come.
fn parse_head(bytes: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let status = parsed.parse(bytes).map_err(|why| malformed(&why.to_string()))?;
    let httparse::Status::Complete(length) = status else {
        return Ok(None);
    };
    let mut request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        target: parsed.path.unwrap_or_default().to_owned(),
        headers: parsed
            .headers
            .iter()
            .map(|header| {
                let value = String::from_utf8_lossy(header.value).into_owned();
                (header.name.to_owned(), value)
            })
            .collect(),
        ..Request::default()
    };
    let connection = request.header("connection").unwrap_or_default();
    request.keep_alive = parsed.version == Some(1) && !connection.eq_ignore_ascii_case("close");
    Ok(Some((request, length)))
}

fn malformed(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded() {
        let request =
            Request { target: "/v3/subusers?limit=5&username=a%40b.c+d%2&offset".into(), ..Request::default() };
        let cases = [("limit", Some("5")), ("username", Some("a@b.c d%2")), ("offset", Some("")), ("region", None)];
        for (name, value) in cases {
            assert_eq!(request.query(name).as_deref(), value, "{name}");
        }
        assert_eq!(request.path(), "/v3/subusers");
    }
}
