//! The threads that calls start. Alone in its process: there every thread of the library is of this
//! test's making.

mod support;

use support::{client, sandbox};

#[test]
fn a_warm_call_starts_no_thread() {
    let sandbox = sandbox();
    let client = client(&sandbox);
    client.get(None).unwrap();
    let spawned = || {
        // Every thread of this process so far took one from the kernel's count of processes.
        std::fs::read_dir("/proc/self/task").unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>()
    };
    let before = spawned();
    for _ in 0..20 {
        client.get(None).unwrap();
        assert!(spawned().iter().all(|thread| before.contains(thread) || !is_ours(thread)));
    }
}

/// Whether the thread is one that the library starts.
fn is_ours(thread: &std::ffi::OsStr) -> bool {
    let name = std::fs::read_to_string(std::path::Path::new("/proc/self/task").join(thread).join("comm"));
    name.is_ok_and(|name| name.starts_with("sg-"))
}
