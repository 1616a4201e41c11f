//! What the environment says of proxies and of trust.

use std::ffi::OsString;
use std::process::Command;

use libtest_mimic::Trial;
use sg_open_tracking::{Client, Config, Region};

use crate::case::{Call, KEY, ms, story};
use crate::certificates;
use crate::proxy::{proxy, service};
use crate::secrets::holds_key;

const CHILD_URL: &str = "SG_FAULTS_CHILD_URL";
const CHILD_CA_FILE: &str = "SG_FAULTS_CHILD_CA_FILE";

/// Environments are a process's own, so these calls are made in children: this program again.
pub fn url_for_child() -> Option<String> {
    std::env::var(CHILD_URL).ok()
}

pub fn be_child(url: &str) {
    let mut config = Config::new();
    config.set_base_url(url).unwrap();
    if let Some(file) = std::env::var_os(CHILD_CA_FILE) {
        config.set_ca_file(file).unwrap();
    }
    config.set_timeout(ms(10_000)).unwrap().set_max_retries(0);
    let client = Client::new(KEY, Region::Global, &config).unwrap();
    let end = Call::Get.make(&client, None);
    println!("{} {}", end.code.name(), end.message);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Direct,
    Proxy,
    Refused,
}

/// The variables, the host to reach, and the way to it. `P` stands for the proxy's URL, `S` for
/// the service's port.
type Environment = (&'static [(&'static str, &'static str)], &'static str, Way);

const ENVIRONMENTS: &[Environment] = &[
    (&[], "127.0.0.1", Way::Direct),
    (&[("HTTPS_PROXY", "P")], "127.0.0.1", Way::Proxy),
    (&[("https_proxy", "P")], "127.0.0.1", Way::Proxy),
    (&[("ALL_PROXY", "P")], "127.0.0.1", Way::Proxy),
    (&[("all_proxy", "P")], "127.0.0.1", Way::Proxy),
    (&[("HTTP_PROXY", "P")], "127.0.0.1", Way::Direct),
    (&[("http_proxy", "P")], "127.0.0.1", Way::Direct),
    (&[("Https_Proxy", "P")], "127.0.0.1", Way::Direct),
    (&[("https_proxy", "P"), ("HTTPS_PROXY", "http://127.0.0.1:1")], "127.0.0.1", Way::Proxy),
    (&[("HTTPS_PROXY", "P"), ("ALL_PROXY", "http://127.0.0.1:1")], "127.0.0.1", Way::Proxy),
    (&[("HTTPS_PROXY", "P"), ("all_proxy", "http://127.0.0.1:1")], "127.0.0.1", Way::Proxy),
    (&[("all_proxy", "P"), ("ALL_PROXY", "http://127.0.0.1:1")], "127.0.0.1", Way::Proxy),
    (&[("HTTPS_PROXY", "")], "127.0.0.1", Way::Direct),
    (&[("HTTPS_PROXY", ""), ("ALL_PROXY", "P")], "127.0.0.1", Way::Proxy),
    (&[("https_proxy", ""), ("HTTPS_PROXY", "P")], "127.0.0.1", Way::Proxy),
    (&[("no_proxy", ""), ("NO_PROXY", "*"), ("HTTPS_PROXY", "P")], "127.0.0.1", Way::Direct),
    (&[("HTTPS_PROXY", "http://127.0.0.1:1")], "127.0.0.1", Way::Refused),
    (&[("HTTPS_PROXY", "ftp://127.0.0.1:1")], "127.0.0.1", Way::Refused),
    (&[("HTTPS_PROXY", "socks5://127.0.0.1:1")], "127.0.0.1", Way::Refused),
    (&[("HTTPS_PROXY", "ftp://127.0.0.1:1"), ("NO_PROXY", "127.0.0.1")], "127.0.0.1", Way::Direct),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", "*")], "127.0.0.1", Way::Direct),
    (&[("HTTPS_PROXY", "P"), ("no_proxy", "*")], "127.0.0.1", Way::Direct),
    (&[("HTTPS_PROXY", "P"), ("no_proxy", "x"), ("NO_PROXY", "*")], "127.0.0.1", Way::Proxy),
    (&[("ALL_PROXY", "P"), ("NO_PROXY", "*")], "127.0.0.1", Way::Direct),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", "127.0.0.1")], "127.0.0.1", Way::Direct),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", "127.0.0.1:S")], "127.0.0.1", Way::Proxy),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", "127.0.0.1:1")], "127.0.0.1", Way::Proxy),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", "127.0.0.0/8")], "127.0.0.1", Way::Direct),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", "10.0.0.0/8")], "127.0.0.1", Way::Proxy),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", "127.0.0.2")], "127.0.0.1", Way::Proxy),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", "api.here.test")], "api.here.test", Way::Direct),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", "here.test")], "api.here.test", Way::Direct),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", ".here.test")], "api.here.test", Way::Direct),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", "HERE.Test")], "api.here.test", Way::Direct),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", "ere.test")], "api.here.test", Way::Proxy),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", "a.example,here.test,b.example")], "api.here.test", Way::Direct),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", " a.example , here.test ")], "api.here.test", Way::Direct),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", "*.here.test")], "api.here.test", Way::Proxy),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", "api.here.test.")], "api.here.test", Way::Direct),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", "localhost")], "localhost", Way::Direct),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", "::1")], "127.0.0.1", Way::Proxy),
    (&[("HTTPS_PROXY", "P"), ("NO_PROXY", "")], "127.0.0.1", Way::Proxy),
];

pub fn cases() -> Vec<Trial> {
    let mut trials = trust();
    for (variables, host, way) in ENVIRONMENTS {
        let listed: Vec<_> = variables.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        let name =
            format!("{} for {host}: {way:?}", if listed.is_empty() { "none set".to_owned() } else { listed.join(" ") });
        trials.push(story(&name, move || {
            let service = service();
            let proxy = proxy(&[], &service);
            let mut set = vec![(CHILD_CA_FILE, certificates::ca_file().into_os_string())];
            set.extend(variables.iter().map(|(name, value)| match *value {
                "P" => (*name, format!("http://127.0.0.1:{}", proxy.port()).into()),
                value => (*name, value.replace(":S", &format!(":{}", service.port())).into()),
            }));
            let said = in_child(&format!("https://{host}:{}", service.port()), &set);
            let was = match (said.split(' ').next(), proxy.seen().requests.len()) {
                (Some("SG_OK"), 0) => Way::Direct,
                (Some("SG_OK"), 1) => Way::Proxy,
                (Some("SG_ERR_PROXY"), 0) => Way::Refused,
                _ => panic!("{said}"),
            };
            assert_eq!(was, *way, "{said}");
            assert!(!holds_key(&proxy.seen().wire));
        }));
    }
    trials
}

/// What a call in such an environment ends with: code and message.
fn in_child(url: &str, environment: &[(&str, OsString)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env_clear().env(CHILD_URL, url).envs(environment.iter().map(|(name, value)| (name, value)));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// `SSL_CERT_FILE` and `SSL_CERT_DIR`.
fn trust() -> Vec<Trial> {
    // Each with the trusted authority in "ca.pem", and other things beside it.
    type Row = (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static str);
    let rows: [Row; 11] = [
        ("trust: a file", &[("SSL_CERT_FILE", "ca.pem")], "SG_OK", ""),
        ("trust: a directory", &[("SSL_CERT_DIR", "directory")], "SG_OK", ""),
        (
            "trust: a directory without names by hash",
            &[("SSL_CERT_DIR", "unhashed")],
            "SG_ERR_TLS",
            "run `openssl rehash",
        ),
        ("trust: two directories", &[("SSL_CERT_DIR", "none:directory")], "SG_OK", ""),
        ("trust: a file and a directory", &[("SSL_CERT_FILE", "none"), ("SSL_CERT_DIR", "directory")], "SG_OK", ""),
        ("trust: no such file", &[("SSL_CERT_FILE", "none")], "SG_ERR_TLS", "none"),
        ("trust: an empty file", &[("SSL_CERT_FILE", "empty")], "SG_ERR_TLS", "SSL_CERT_FILE"),
        ("trust: a file that is a directory", &[("SSL_CERT_FILE", "directory")], "SG_ERR_TLS", "not a regular file"),
        ("trust: a file that is a FIFO", &[("SSL_CERT_FILE", "fifo")], "SG_ERR_TLS", "not a regular file"),
        ("trust: a directory that is a file", &[("SSL_CERT_DIR", "empty")], "SG_ERR_TLS", "SSL_CERT_DIR"),
        ("trust: nothing said, and an authority that the system does not know", &[], "SG_ERR_TLS", "trust store"),
    ];
    let trial = |(name, variables, code, text): Row| {
        story(name, move || {
            let directory = tempfile::tempdir().unwrap();
            let path = |name: &str| directory.path().join(name);
            std::fs::copy(certificates::ca_file(), path("ca.pem")).unwrap();
            std::fs::create_dir(path("directory")).unwrap();
            std::fs::copy(certificates::ca_file(), path("directory").join("2e5ac55d.0")).unwrap();
            std::fs::create_dir(path("unhashed")).unwrap();
            std::fs::copy(certificates::ca_file(), path("unhashed").join("ca.pem")).unwrap();
            std::fs::write(path("empty"), "").unwrap();
            assert!(Command::new("mkfifo").arg(path("fifo")).status().unwrap().success());

            let service = service();
            let set: Vec<_> = variables
                .iter()
                .map(|(name, value)| (*name, std::env::join_paths(value.split(':').map(path)).unwrap()))
                .collect();
            let said = in_child(&format!("https://127.0.0.1:{}", service.port()), &set);
            assert!(said.starts_with(&format!("{code} ")) && said.contains(text), "{said}");
            assert_eq!(service.seen().requests.len(), usize::from(code == "SG_OK"));
        })
    };
    rows.map(trial).into()
}
