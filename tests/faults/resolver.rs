//! The system's resolver, replaced for this program alone: its `getaddrinfo` comes before the C
//! library's, so that no test depends on a machine's DNS or hosts file.

use std::collections::{HashMap, HashSet};
use std::ffi::{CStr, c_char, c_int};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Condvar, LazyLock, Mutex};
use std::thread;
use std::time::Duration;

/// What the resolver says of a name.
#[derive(Debug, Clone)]
pub enum Answer {
    Addresses(Vec<IpAddr>),
    Late(Duration, Vec<IpAddr>),
    Error(c_int),
    /// The error for the first question, the addresses for those after it.
    ErrorOnce(c_int, Vec<IpAddr>),
    Never,
}

static ANSWERS: LazyLock<Mutex<HashMap<String, Answer>>> = LazyLock::new(Mutex::default);

/// Sets the answer for a name, which no other test should use.
pub fn answer(name: &str, answer: Answer) {
    ANSWERS.lock().unwrap().insert(name.to_owned(), answer);
}

pub fn addresses(list: &[&str]) -> Answer {
    Answer::Addresses(list.iter().map(|text| text.parse().unwrap()).collect())
}

static ASKED: LazyLock<(Mutex<HashSet<String>>, Condvar)> = LazyLock::new(Default::default);

/// Waits until the resolver was asked for that name.
pub fn await_question(name: &str) {
    let asked = ASKED.0.lock().unwrap();
    let patience = Duration::from_secs(30);
    let (asked, _) = ASKED.1.wait_timeout_while(asked, patience, |asked| !asked.contains(name)).unwrap();
    assert!(asked.contains(name), "nobody asked for {name}");
}

fn find(name: &str) -> Result<Vec<IpAddr>, c_int> {
    ASKED.0.lock().unwrap().insert(name.to_owned());
    ASKED.1.notify_all();
    let answer = ANSWERS.lock().unwrap().get(name).cloned();
    match answer {
        Some(Answer::Addresses(list)) => Ok(list),
        Some(Answer::Late(time, list)) => {
            thread::sleep(time);
            Ok(list)
        }
        Some(Answer::Error(code)) => Err(code),
        Some(Answer::ErrorOnce(code, list)) => {
            self::answer(name, Answer::Addresses(list));
            Err(code)
        }
        Some(Answer::Never) => loop {
            thread::park();
        },
        None if name == "localhost" => Ok(vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()]),
        // For children of this program, which know no answers.
        None if name.ends_with("here.test") => Ok(vec![Ipv4Addr::LOCALHOST.into()]),
        None => Err(libc::EAI_NONAME),
    }
}

/// # Safety
/// As for getaddrinfo(3).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getaddrinfo(
    node: *const c_char,
    _service: *const c_char,
    _hints: *const libc::addrinfo,
    result: *mut *mut libc::addrinfo,
) -> c_int {
    // SAFETY: the standard library passes a name and room for the list.
    let name = unsafe { CStr::from_ptr(node) }.to_string_lossy();
    match find(&name) {
        Ok(addresses) => {
            let list = addresses.into_iter().rev().fold(std::ptr::null_mut(), node_before);
            unsafe { result.write(list) };
            0
        }
        Err(code) => code,
    }
}

fn node_before(next: *mut libc::addrinfo, address: IpAddr) -> *mut libc::addrinfo {
    let address = socket2::SockAddr::from(SocketAddr::new(address, 0));
    let mut storage = Box::new(unsafe { std::mem::zeroed::<libc::sockaddr_storage>() });
    unsafe {
        std::ptr::copy_nonoverlapping(
            address.as_ptr().cast::<u8>(),
            (&raw mut *storage).cast::<u8>(),
            address.len() as usize,
        );
    }
    Box::into_raw(Box::new(libc::addrinfo {
        ai_flags: 0,
        ai_family: c_int::from(address.family()),
        ai_socktype: libc::SOCK_STREAM,
        ai_protocol: libc::IPPROTO_TCP,
        ai_addrlen: address.len(),
        ai_addr: Box::into_raw(storage).cast(),
        ai_canonname: std::ptr::null_mut(),
        ai_next: next,
    }))
}

/// # Safety
/// `list` came from the function above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn freeaddrinfo(mut list: *mut libc::addrinfo) {
    while !list.is_null() {
        // SAFETY: made by `node_before`.
        unsafe {
            let node = Box::from_raw(list);
            drop(Box::from_raw(node.ai_addr.cast::<libc::sockaddr_storage>()));
            list = node.ai_next;
        }
    }
}
