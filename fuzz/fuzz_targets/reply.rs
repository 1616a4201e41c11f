//! From the bytes on the wire to the result of a call, over a real socket: each input is what a
//! server sends, by plain HTTP on the loopback. After a line of `----` it waits for another
//! request, so that what is left of one reply can meet the next call.

#![no_main]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sg_open_tracking::{Client, Code, Config, LogLevel, Region};

const KEY: &str = "SG.the-key-of-the-fuzzer";

static INPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = Config::new();
    config.set_base_url(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    config.set_timeout(Duration::from_secs(5)).unwrap().set_max_retries(0);
    config.set_log(LogLevel::Debug, |_, line| {
        assert!(line.starts_with("event=") && !line.contains(KEY) && !line.contains(char::is_control), "{line:?}");
    });
    std::thread::spawn(move || listener.incoming().flatten().for_each(serve));
    Client::new(KEY, Region::Global, &config).unwrap()
});

fn serve(mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    // Where a first reply never ends there is no second request: the connection does then.
    let _ = stream.set_read_timeout(Some(Duration::from_millis(20)));
    let input = INPUT.lock().unwrap().clone();
    for part in parts(&input) {
        if !read_request(&mut stream) || stream.write_all(part).is_err() {
            return;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    while stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {}
}

fn parts(input: &[u8]) -> Vec<&[u8]> {
    const SEPARATOR: &[u8] = b"\n----\n";
    match input.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
        Some(at) => vec![&input[..at], &input[at + SEPARATOR.len()..]],
        None => vec![input],
    }
}

fn read_request(stream: &mut TcpStream) -> bool {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(count @ 1..) => request.extend_from_slice(&buffer[..count]),
            _ => return false,
        }
    }
    true
}

fuzz_target!(|input: &[u8]| {
    *INPUT.lock().unwrap() = input.to_vec();
    // A client of its own pool each time would be dear; a broken connection goes by itself.
    for _ in parts(input) {
        match CLIENT.get(None) {
            Ok(outcome) => assert_eq!(outcome.report.http_status, Some(200)),
            Err(error) => {
                let message = error.message();
                assert!(error.code() != Code::Internal && error.code() != Code::Timeout, "{error:?}");
                assert!(!message.is_empty() && message.len() < 480 && !message.contains(KEY), "{error:?}");
                assert!(!message.chars().any(char::is_control), "{error:?}");
            }
        }
    }
});
