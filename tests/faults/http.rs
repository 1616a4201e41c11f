//! Replies that are unusual HTTP, and replies that are none.

use libtest_mimic::Trial;
use sg_open_tracking::Code;

use crate::case::{BODY, Call, Case, ms, ok_reply, reply, replying, send, slack};
use crate::peer::{Seen, Step};

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n";

pub fn cases() -> Vec<Trial> {
    [unusual(), lengths(), chunked(), statuses(), headers(), endless(), after_the_reply()]
        .into_iter()
        .flatten()
        .map(Case::trial)
        .collect()
}

/// The peer sends this and waits.
fn sends(name: &str, bytes: impl AsRef<[u8]>) -> Case {
    replying(name, [send(bytes), Step::Wait]).connections(1)
}

/// The same with text before the usual reply.
fn before_reply(name: &str, text: &str) -> Case {
    sends(name, [text.as_bytes(), &ok_reply()].concat())
}

fn refused(case: Case, status: u16) -> Case {
    case.ends(Code::Protocol, status, 1)
}

fn unusual() -> Vec<Case> {
    vec![
        before_reply("100 before the reply", "HTTP/1.1 100 Continue\r\n\r\n"),
        before_reply("100 before the reply to an update", "HTTP/1.1 100 Continue\r\n\r\n").call(Call::Update(true)),
        before_reply("100 with headers before the reply", "HTTP/1.1 100 Continue\r\nServer: x\r\nDate: y\r\n\r\n"),
        replying(
            "100 with headers, a byte at a time, and the reply",
            [Step::Drip([b"HTTP/1.1 100 Continue\r\nServer: x\r\n\r\n", &ok_reply()[..]].concat(), 0), Step::Wait],
        ),
        before_reply("103 before the reply", "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"),
        before_reply(
            "102, 103 and 100 before the reply",
            "HTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 100 C\r\n\r\n",
        ),
        replying(
            "103, and the reply later",
            [send("HTTP/1.1 103 Early Hints\r\n\r\n"), Step::Drip(ok_reply(), 1), Step::Wait],
        ),
        sends("no reason phrase", format!("HTTP/1.1 200\r\nContent-Length: 16\r\n\r\n{BODY}")),
        sends("an empty reason phrase", format!("HTTP/1.1 200 \r\nContent-Length: 16\r\n\r\n{BODY}")),
        sends(
            "a reason phrase beyond ASCII",
            format!("HTTP/1.1 200 tr\u{e8}s bien\r\nContent-Length: 16\r\n\r\n{BODY}"),
        ),
        sends("lines that end in a line feed", format!("HTTP/1.1 200 OK\nContent-Length: 16\n\n{BODY}")),
        replying(
            "lines that end in a line feed, and the body later",
            [send("HTTP/1.1 200 OK\nContent-Length: 16\n\n"), Step::Drip(BODY.into(), 1), Step::Wait],
        ),
        before_reply("103 whose lines end in a line feed", "HTTP/1.1 103 Early Hints\nLink: </a>\n\n"),
        sends("header names in odd case", format!("HTTP/1.1 200 OK\r\ncOnTeNt-LeNgTh: 16\r\n\r\n{BODY}")),
        sends("header names in capitals", format!("HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 16\r\n\r\n{BODY}")),
        sends("no space after the colon", format!("HTTP/1.1 200 OK\r\nContent-Length:16\r\n\r\n{BODY}")),
        sends("spaces around a value", format!("HTTP/1.1 200 OK\r\nContent-Length: \t 16  \r\n\r\n{BODY}")),
        sends("line feeds alone", format!("HTTP/1.1 200 OK\nContent-Length: 16\n\n{BODY}")),
        sends("an empty header value", format!("{HEAD}X-Empty:\r\n\r\n{BODY}")),
        sends("a header value beyond ASCII", format!("{HEAD}X-Name: \u{fc}\r\n\r\n{BODY}")),
        sends("the wrong content type", format!("{HEAD}Content-Type: text/html\r\n\r\n{BODY}")),
        replying("a byte each millisecond", [Step::Drip(ok_reply(), 1), Step::Wait]),
        replying("HTTP/1.0 with close", [send(format!("HTTP/1.0 200 OK\r\n\r\n{BODY}")), Step::Close]),
        sends("HTTP/1.0 with a length", format!("HTTP/1.0 200 OK\r\nContent-Length: 16\r\n\r\n{BODY}")),
        replying(
            "no length: the body ends with the connection",
            [send(format!("HTTP/1.1 200 OK\r\n\r\n{BODY}")), Step::Close],
        ),
        sends("an encoding that says identity", format!("{HEAD}Content-Encoding: identity\r\n\r\n{BODY}")),
        refused(sends("gzip that nobody asked for", reply("200 OK", "Content-Encoding: gzip\r\n", GZIP)), 200)
            .says("gzip"),
        refused(
            sends("brotli that nobody asked for", reply("200 OK", "Content-Encoding: br\r\n", [0x0b, 2, 0x80])),
            200,
        )
        .says("br"),
        refused(sends("not HTTP", "hello there, this is no HTTP\r\n\r\n"), 0),
        refused(sends("noughts", [0; 512]), 0),
        refused(sends("a version of HTTP that is none", "HTTP/9.9 200 OK\r\n\r\n"), 0),
        refused(sends("HTTP/2", "HTTP/2 200\r\n\r\n"), 0),
        refused(sends("another protocol", "ICY 200 OK\r\n\r\n"), 0),
        refused(sends("a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"), 0),
        refused(sends("a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"), 0),
        refused(sends("a negative status", "HTTP/1.1 -20 OK\r\n\r\n"), 0),
        refused(sends("status 000", "HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n"), 0),
        refused(sends("status 099", "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n"), 0),
    ]
}

/// `{"enabled":true}` by gzip.
const GZIP: &[u8] = &[
    0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff, 0xab, 0x56, 0x4a, 0xcd, 0x4b, 0x4c, 0xca, 0x49, 0x4d, 0x51, 0xb2, 0x2a,
    0x29, 0x2a, 0x4d, 0xad, 5, 0, 0x5b, 0x8c, 0x5e, 0x53, 16, 0, 0, 0,
];

fn lengths() -> Vec<Case> {
    let with = |name: &str, lines: &str| sends(name, format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\n{BODY}"));
    vec![
        with("the same length twice", "Content-Length: 16\r\nContent-Length: 16"),
        refused(with("two lengths", "Content-Length: 16\r\nContent-Length: 17"), 0),
        refused(with("two lengths in one header", "Content-Length: 16, 17"), 0),
        refused(with("a negative length", "Content-Length: -16"), 0),
        refused(with("a signed length", "Content-Length: +16"), 0),
        refused(with("a length that is no number", "Content-Length: sixteen"), 0),
        refused(with("a length in hexadecimal", "Content-Length: 0x10"), 0),
        refused(with("a length beyond 64 bits", "Content-Length: 18446744073709551616"), 0),
        refused(with("an empty length", "Content-Length:"), 0),
        refused(sends("a length of nought", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 200),
        refused(with("a length that cuts the body", "Content-Length: 15"), 200),
        with("a length of 64 bits that is never met", "Content-Length: 18446744073709551615")
            .ends(Code::Timeout, 200, 1)
            .at_deadline(400),
        with("a length that is never met", "Content-Length: 17").ends(Code::Timeout, 200, 1).at_deadline(400),
        // The way to smuggle a reply past a proxy.
        refused(with("a length and chunks", "Content-Length: 16\r\nTransfer-Encoding: chunked"), 0),
    ]
}

fn chunked() -> Vec<Case> {
    let chunks =
        |name: &str, body: &str| sends(name, format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}"));
    vec![
        chunks("chunks", "8\r\n{\"enable\r\n8\r\nd\":true}\r\n0\r\n\r\n").enabled(true),
        chunks("chunks, size in capitals and with noughts", &format!("0000010\r\n{BODY}\r\n000\r\n\r\n")),
        chunks("chunks with extensions", &format!("10;name=value\r\n{BODY}\r\n0;last=\"a\"\r\n\r\n")),
        chunks("a long extension", &format!("10;name=a-long-value-of-it\r\n{BODY}\r\n0;{}\r\n\r\n", "x".repeat(8000))),
        chunks("an extension with a quoted string", &format!("10 ; name=\"a;b 16\"\r\n{BODY}\r\n0\r\n\r\n")),
        refused(chunks("a very long extension", &format!("10;{}\r\n{BODY}\r\n0\r\n\r\n", "x".repeat(9000))), 200),
        refused(chunks("an extension with a bare line feed", &format!("10;a\nb\r\n{BODY}\r\n0\r\n\r\n")), 0),
        sends(
            "chunks with extensions behind lines that end in a line feed",
            format!("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n10;a=b\r\n{BODY}\r\n0;c\r\n\r\n"),
        ),
        chunks("chunks with a trailer", &format!("10\r\n{BODY}\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n")),
        chunks("a trailer that looks like a length", &format!("10\r\n{BODY}\r\n0\r\nContent-Length: 3\r\n\r\n")),
        replying(
            "chunks, a byte at a time",
            [
                send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
                Step::Drip(format!("10;x=y\r\n{BODY}\r\n0\r\nX-Sum: 1\r\n\r\n").into_bytes(), 1),
                Step::Wait,
            ],
        ),
        refused(chunks("a chunk of no size", &format!("\r\n{BODY}\r\n0\r\n\r\n")), 200),
        refused(chunks("a chunk of size g", &format!("g\r\n{BODY}\r\n0\r\n\r\n")), 200),
        refused(chunks("a chunk of negative size", &format!("-10\r\n{BODY}\r\n0\r\n\r\n")), 200),
        refused(chunks("a chunk that overflows 64 bits", &format!("10000000000000010\r\n{BODY}\r\n0\r\n\r\n")), 200),
        refused(chunks("a chunk longer than its size", &format!("8\r\n{BODY}\r\n0\r\n\r\n")), 200),
        chunks("a chunk of 64 bits that never comes", "ffffffffffffffff\r\n{")
            .ends(Code::Timeout, 200, 1)
            .at_deadline(400),
        refused(chunks("an endless size", &"1".repeat(100_000)), 200),
        refused(chunks("an endless extension", &format!("10;{}", "x".repeat(200_000))), 200),
        chunks("a chunk size that is never ended", "10").ends(Code::Timeout, 200, 1).at_deadline(400),
        chunks("no last chunk", &format!("10\r\n{BODY}\r\n")).ends(Code::Timeout, 200, 1).at_deadline(400),
        refused(
            sends(
                "chunks of gzip",
                [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n24\r\n", GZIP, b"\r\n0\r\n\r\n"].concat(),
            ),
            200,
        ),
    ]
}

fn never_elsewhere(seen: &Seen) {
    assert_eq!(seen.requests.len(), 1, "{:?}", seen.requests);
}

fn statuses() -> Vec<Case> {
    let mut cases = vec![
        sends("204", "HTTP/1.1 204 No Content\r\n\r\n").ends(Code::Status, 204, 1),
        sends("205", "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n").ends(Code::Status, 205, 1),
        sends("206", "HTTP/1.1 206 Partial Content\r\nContent-Length: 16\r\n\r\n{\"enabled\":true}").ends(
            Code::Status,
            206,
            1,
        ),
        sends("201 with the value", reply("201 Created", "", BODY)).ends(Code::Status, 201, 1),
        sends("304", "HTTP/1.1 304 Not Modified\r\n\r\n").ends(Code::Status, 304, 1),
        sends("101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n").ends(
            Code::Status,
            101,
            1,
        ),
        sends("600", reply("600 What", "", BODY)).ends(Code::Status, 600, 1),
        sends("999", reply("999 What", "", BODY)).ends(Code::Status, 999, 1),
    ];
    let places = [
        "https://127.0.0.1:1/elsewhere",
        "http://example.com/",
        "//example.com/",
        "/v3/tracking_settings/open",
        "",
        "not a URL at all",
        "file:///etc/passwd",
    ];
    for status in [300, 301, 302, 303, 307, 308] {
        for (number, place) in places.into_iter().enumerate() {
            let call = if number % 2 == 0 { Call::Get } else { Call::Update(true) };
            cases.push(
                sends(
                    &format!("{status} to {place:?}"),
                    reply(&format!("{status} Elsewhere"), &format!("Location: {place}\r\n"), BODY),
                )
                .call(call)
                .ends(Code::Status, status, 1)
                .says("redirects are not followed")
                .check(never_elsewhere),
            );
        }
        cases.push(sends(&format!("{status} to nowhere"), reply(&format!("{status} X"), "", "")).ends(
            Code::Status,
            status,
            1,
        ));
    }
    cases
}

fn headers() -> Vec<Case> {
    let with = |name: &str, lines: &str| sends(name, format!("{HEAD}{lines}\r\n\r\n{BODY}"));
    let many = |count: usize| (0..count).map(|n| format!("X-{n}: 1")).collect::<Vec<_>>().join("\r\n");
    vec![
        with("60 headers", &many(60)),
        with("a header of 10 KB", &format!("X-Long: {}", "x".repeat(10_000))),
        refused(with("1000 headers", &many(1000)), 0),
        refused(with("a header of 40 KB", &format!("X-Long: {}", "x".repeat(40_000))), 0).says("header is larger"),
        refused(with("folded", "X-Folded: one\r\n two"), 0),
        refused(with("a header without a colon", "X-Nothing"), 0),
        refused(with("a space before the colon", "X-Space : 1"), 0),
        refused(with("a space in the name", "X Space: 1"), 0),
        refused(with("a NUL in a value", "X-Nul: a\0b"), 0),
        refused(with("a carriage return in a value", "X-Cr: a\rb"), 0),
        refused(with("an empty name", ": 1"), 0),
        refused(
            sends(
                "a status line of 40 KB",
                format!("HTTP/1.1 200 {}\r\nContent-Length: 16\r\n\r\n{BODY}", "x".repeat(40_000)),
            ),
            0,
        ),
    ]
}

fn endless() -> Vec<Case> {
    // It takes a megabyte or two of it, which a busy machine needs its time for.
    let forever = |name: &str, begin: &str, again: &str| {
        replying(name, [send(begin), Step::SendForever(again.repeat(100).into_bytes())])
            .connections(1)
            // Megabytes take their time where each byte is watched.
            .with(|config| {
                config.set_timeout(ms(5000) + slack()).unwrap();
            })
            .between(ms(0), ms(4500))
    };
    vec![
        refused(forever("an endless header", "HTTP/1.1 200 OK\r\n", "X-More: and more of it\r\n"), 0),
        refused(forever("an endless header value", "HTTP/1.1 200 OK\r\nX-More: ", "more"), 0),
        refused(forever("an endless status line", "HTTP/1.1 200 ", "O"), 0),
        refused(forever("an endless body until close", "HTTP/1.1 200 OK\r\n\r\n", BODY), 200).says("larger"),
        refused(
            forever("an endless body of a length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", " "),
            200,
        )
        .says("larger"),
        refused(
            forever(
                "endless chunks",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                &format!("c8\r\n{}\r\n", " ".repeat(200)),
            ),
            200,
        )
        .says("larger"),
        refused(
            forever(
                "an endless trailer",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
                "X-More: and more\r\n",
            ),
            200,
        ),
        forever("an endless body of a 403", "HTTP/1.1 403 Forbidden\r\n\r\n", BODY).ends(Code::Forbidden, 403, 1),
        refused(forever("empty lines forever", "", "\r\n"), 0),
        refused(forever("1xx forever", "", "HTTP/1.1 100 Continue\r\n\r\n"), 0),
        refused(forever("103 forever", "", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), 0),
        replying(
            "a 102 each 50 ms",
            [Step::Send(Vec::new()); 1]
                .into_iter()
                .chain((0..40).flat_map(|_| [Step::Drip(vec![b'H'], 50), send("TTP/1.1 102 Processing\r\n\r\n")]))
                .collect::<Vec<_>>(),
        )
        .ends(Code::Timeout, 0, 1)
        .at_deadline(500),
    ]
}

/// A connection that brought more than its reply must not serve the next call.
fn after_the_reply() -> Vec<Case> {
    vec![
        sends("bytes after the reply", [ok_reply(), b"HTTP/1.1 200 OK\r\n".to_vec()].concat()).between(ms(0), ms(1000)),
        sends("a second reply", [ok_reply(), ok_reply()].concat()),
        sends("a line end after the reply", [ok_reply(), b"\r\n".to_vec()].concat()),
        sends("a body with a 204", [b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), BODY.into()].concat()).ends(
            Code::Status,
            204,
            1,
        ),
    ]
}
