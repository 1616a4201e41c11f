//! Any bytes in any argument of the C functions. What is taken is refused at a port of the loopback
//! where nobody listens.

#![no_main]

use std::ffi::{CString, c_char, c_void};
use std::ptr;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

// The border to C, which no Rust crate can depend on: it is compiled in.
#[path = "../../src/boundary.rs"]
mod boundary;
#[allow(non_camel_case_types)]
#[path = "../../src/ffi/mod.rs"]
mod ffi;

unsafe extern "C" {
    fn sg_config_new() -> *mut c_void;
    fn sg_config_free(config: *mut c_void);
    fn sg_config_set_timeout_ms(config: *mut c_void, ms: u32) -> i32;
    fn sg_config_set_connect_timeout_ms(config: *mut c_void, ms: u32) -> i32;
    fn sg_config_set_max_connections(config: *mut c_void, n: u32) -> i32;
    fn sg_config_set_requests_per_minute(config: *mut c_void, n: u32) -> i32;
    fn sg_config_set_base_url(config: *mut c_void, url: *const c_char) -> i32;
    fn sg_config_set_proxy(config: *mut c_void, url: *const c_char) -> i32;
    fn sg_config_set_user_agent(config: *mut c_void, text: *const c_char) -> i32;
    fn sg_client_new(key: *const c_char, region: i32, config: *const c_void, out: *mut *mut c_void) -> i32;
    fn sg_client_derive(client: *const c_void, timeout_ms: u32, out: *mut *mut c_void) -> i32;
    fn sg_client_free(client: *mut c_void);
    fn sg_client_update(client: *const c_void, enabled: bool, name: *const c_char, result: *mut Result) -> i32;
    fn sg_client_get(client: *const c_void, name: *const c_char, result: *mut Result) -> i32;
    fn sg_strerror(code: i32) -> *const c_char;
}

/// sg_result, as the header lays it out.
#[repr(C)]
struct Result {
    head: [u8; 32],
    message: [u8; 480],
}

// The number of a code.
const ARGUMENT: i32 = 1;
const CONNECT: i32 = 11;

/// Bytes up to their first NUL; or NULL.
type Text = Option<Vec<u8>>;

#[derive(Debug, Arbitrary)]
struct Input {
    key: Text,
    name: Text,
    base_url: Text,
    proxy: Text,
    user_agent: Text,
    region: i32,
    numbers: [u32; 4],
    code: i32,
    enabled: bool,
}

fn c_string(text: &Text) -> Option<CString> {
    let text = text.as_ref()?;
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    CString::new(&text[..end]).ok()
}

fn pointer(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

fuzz_target!(|input: Input| {
    let [key, name, base_url, proxy, user_agent] =
        [&input.key, &input.name, &input.base_url, &input.proxy, &input.user_agent].map(c_string);
    // SAFETY: each pointer is NULL or a string or an object that lives until it is freed below.
    unsafe {
        assert!(!sg_strerror(input.code).is_null());
        let config = sg_config_new();
        sg_config_set_connect_timeout_ms(config, input.numbers[0]);
        sg_config_set_timeout_ms(config, input.numbers[1]);
        sg_config_set_max_connections(config, input.numbers[2]);
        sg_config_set_requests_per_minute(config, input.numbers[3]);
        sg_config_set_user_agent(config, pointer(&user_agent));
        sg_config_set_base_url(config, pointer(&base_url));
        sg_config_set_proxy(config, pointer(&proxy));
        // From here on nothing leaves the machine.
        assert_eq!(sg_config_set_base_url(config, c"http://127.0.0.1:1".as_ptr()), 0);
        assert_eq!(sg_config_set_timeout_ms(config, 50), 0);

        let mut client = ptr::dangling_mut();
        let code = sg_client_new(pointer(&key), input.region, config, &raw mut client);
        sg_config_free(config);
        assert_eq!(code == 0, !client.is_null());
        assert!(code == 0 || code == ARGUMENT);
        if code == 0 {
            let mut result = Result { head: [0xAA; 32], message: [0xAA; 480] };
            let mut kin = ptr::null_mut();
            assert_eq!(sg_client_derive(client, 1 + input.numbers[0] % 50, &raw mut kin), 0);
            sg_client_free(client);
            let code = if input.enabled {
                sg_client_update(kin, input.numbers[1] % 2 == 0, pointer(&name), &raw mut result)
            } else {
                sg_client_get(kin, pointer(&name), &raw mut result)
            };
            // Refused there, or out of time, or of turns.
            assert!([ARGUMENT, CONNECT, 14, 24].contains(&code), "{code}");
            let end = result.message.iter().position(|byte| *byte == 0).expect("the message has an end");
            assert!(end > 0 && std::str::from_utf8(&result.message[..end]).is_ok());
            sg_client_free(kin);
        }
    }
});
