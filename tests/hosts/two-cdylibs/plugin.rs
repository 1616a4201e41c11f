//! A plugin in Rust that calls the library: a cdylib with a standard library of its own.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::{env, panic, thread};

const OK: i32 = 0;
const CANCELLED: i32 = 2;
const ACCOUNTS: [(&CStr, i32); 5] = [
    (c"subuser-00001", OK),
    (c"fault-status-503", 25),
    (c"subuser-00002", OK),
    (c"fault-close", 15),
    (c"fault-status-429", 24),
];

#[repr(C)]
struct SgResult {
    code: i32,
    http_status: i32,
    enabled: bool,
    reserved: [u8; 3],
    attempts: u32,
    retry_after_ms: i64,
    elapsed_us: i64,
    message: [c_char; 480],
}

unsafe extern "C" {
    fn sg_config_new() -> *mut c_void;
    fn sg_config_free(config: *mut c_void);
    fn sg_config_set_max_retries(config: *mut c_void, n: u32) -> i32;
    fn sg_client_new(key: *const c_char, region: i32, config: *const c_void, out: *mut *mut c_void) -> i32;
    fn sg_client_free(client: *mut c_void);
    fn sg_client_cancel(client: *const c_void);
    fn sg_client_update(client: *const c_void, enabled: bool, name: *const c_char, result: *mut SgResult) -> i32;
}

struct Client(*mut c_void);
// SAFETY: the header says so: any number of threads may use a client.
unsafe impl Sync for Client {}

impl Client {
    fn new() -> Client {
        let key = CString::new(env::var("SENDGRID_API_KEY").unwrap()).unwrap();
        let mut made = null_mut();
        // SAFETY: the key outlives the call, and the options are freed once.
        unsafe {
            let config = sg_config_new();
            sg_config_set_max_retries(config, 0);
            assert_eq!(sg_client_new(key.as_ptr(), 0, config, &raw mut made), OK);
            sg_config_free(config);
        }
        Client(made)
    }

    fn update(&self, name: &CStr) -> SgResult {
        let mut result = MaybeUninit::uninit();
        // SAFETY: the name outlives the call, which writes all of the result.
        unsafe {
            sg_client_update(self.0, false, name.as_ptr(), result.as_mut_ptr());
            result.assume_init()
        }
    }

    /// How many of many calls failed, and how many otherwise than they should.
    fn load(&self, took_us: &mut [i64]) -> (c_int, c_int) {
        let mut counts = (0, 0);
        for (took, (name, code)) in took_us.iter_mut().zip(ACCOUNTS.iter().cycle()) {
            let result = self.update(name);
            *took = result.elapsed_us;
            counts.0 += c_int::from(result.code != OK);
            counts.1 += c_int::from(result.code != *code);
        }
        counts
    }

    /// Whether a cancel ends calls that are under way.
    fn stops(&self) -> bool {
        thread::scope(|scope| {
            let silent: Vec<_> = (0..4).map(|_| scope.spawn(|| self.update(c"fault-silent").code)).collect();
            self.update(c"fault-delay-100"); // meanwhile they have begun
            // SAFETY: any thread may, and the client lives.
            unsafe { sg_client_cancel(self.0) };
            silent.into_iter().all(|thread| thread.join().is_ok_and(|code| code == CANCELLED))
        })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // SAFETY: no call is under way.
        unsafe { sg_client_free(self.0) };
    }
}

/// A client serves 4 threads, is stopped amid calls, and freed. Returns how much went wrong.
///
/// # Safety
/// `took_us` has room for 4 times `calls`, and nobody else uses `failures`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn serve(calls: usize, took_us: *mut i64, failures: &mut c_int) -> c_int {
    // SAFETY: as this function's.
    let took_us = unsafe { std::slice::from_raw_parts_mut(took_us, 4 * calls) };
    let client = Client::new();
    let mut wrong = 0;
    thread::scope(|scope| {
        let threads: Vec<_> = took_us.chunks_mut(calls).map(|part| scope.spawn(|| client.load(part))).collect();
        for thread in threads {
            let (failed, otherwise) = thread.join().unwrap();
            *failures += failed;
            wrong += otherwise;
        }
    });
    // Another copy of the standard library may have an unwinder of the same names.
    let caught = panic::catch_unwind(|| panic::resume_unwind(Box::new(()))).is_err();
    wrong + c_int::from(!caught) + c_int::from(!client.stops())
}
