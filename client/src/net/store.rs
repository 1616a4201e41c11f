//! Certificates in files: one that the caller names, those that the environment names, the system's.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

/// The certificates of a PEM file, read when the option was set.
#[derive(Debug, Clone)]
pub(crate) struct CaFile {
    path: PathBuf,
    pub(super) roots: Arc<RootCertStore>,
}

impl PartialEq for CaFile {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.roots.roots == other.roots.roots
    }
}

impl Eq for CaFile {}

/// A trust store of every CA in the world is a quarter of a megabyte.
const FILE_MAX: u64 = 16 * 1024 * 1024;

impl CaFile {
    pub(crate) fn read(path: &Path) -> Result<CaFile, String> {
        let mut certificates = Certificates::default();
        certificates.add_file(path)?;
        let shown = path.display();
        let roots = certificates.usable().ok_or_else(|| format!("{shown}: no certificate in PEM form in it"))?;
        Ok(CaFile { path: path.to_owned(), roots: Arc::new(roots) })
    }
}

/// The files that a store was read from, and their state at that time. Files that did not exist are
/// included.
#[derive(Debug, Default)]
pub(super) struct Files(Vec<(PathBuf, Option<State>)>);

/// What differs once a file has changed.
#[derive(Debug, PartialEq, Eq)]
struct State {
    length: u64,
    modified: Option<std::time::SystemTime>,
    #[cfg(unix)]
    inode: [i64; 4],
}

impl State {
    fn of(metadata: &Metadata) -> State {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        State {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            inode: [
                metadata.dev().cast_signed(),
                metadata.ino().cast_signed(),
                metadata.ctime(),
                metadata.ctime_nsec(),
            ],
        }
    }

    fn at(path: &Path) -> Option<State> {
        fs::metadata(path).ok().map(|metadata| State::of(&metadata))
    }
}

impl Files {
    /// Notes a file or a directory before it is read.
    fn note(&mut self, path: &Path) {
        self.0.push((path.to_owned(), State::at(path)));
    }

    pub(super) fn are_as_they_were(&self) -> bool {
        self.0.iter().all(|(path, state)| State::at(path) == *state)
    }
}

/// With whatever end, as the PEM reader of rustls takes it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Default)]
struct Certificates(Vec<CertificateDer<'static>>);

impl Certificates {
    /// Adds those of a PEM file; all of it must be one.
    fn add_file(&mut self, path: &Path) -> Result<(), String> {
        let failed = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
        let metadata = fs::metadata(path).map_err(|error| failed(&error))?;
        // Opening a FIFO or a terminal could wait for ever.
        if !metadata.is_file() {
            return Err(failed(&"not a regular file"));
        }
        if metadata.len() > FILE_MAX {
            return Err(failed(&"too large for a certificate file"));
        }
        let pem = fs::read(path).map_err(|error| failed(&error))?;
        self.add_pem(&pem).map_err(|why| failed(&why))
    }

    /// Adds those of a PEM text (RFC 7468). rustls's own reader would take most of a process's first
    /// call for it.
    fn add_pem(&mut self, pem: &[u8]) -> Result<(), String> {
        const DASHES: &[u8] = b"-----";
        let mut section: Option<(&[u8], Vec<u8>)> = None;
        let mut start = 0;
        for end in memchr::memchr2_iter(b'\n', b'\r', pem).chain([pem.len()]) {
            let line = pem[start..end].trim_ascii_end();
            start = end + 1;
            if let Some(label) = line.strip_prefix(b"-----BEGIN ") {
                if section.is_some() {
                    break;
                }
                let label = label.strip_suffix(DASHES).ok_or("not PEM: a line that begins a section has no end")?;
                section = Some((label, Vec::with_capacity(2048)));
            } else if let Some((label, text)) = &mut section {
                if line.strip_prefix(b"-----END ").and_then(|line| line.strip_suffix(DASHES)) != Some(*label) {
                    text.extend_from_slice(line);
                    continue;
                }
                if *label == b"CERTIFICATE" {
                    let certificate = BASE64.decode(text).map_err(|error| format!("not PEM: {error}"))?;
                    self.0.push(certificate.into());
                }
                section = None;
            }
        }
        if section.is_some() { Err("not PEM: a section has no end".to_owned()) } else { Ok(()) }
    }

    /// Adds those of a directory as OpenSSL and curl take them: files that are named by the hash of
    /// their subject. How many other files there are.
    fn add_directory(&mut self, directory: &Path, files: &mut Files) -> Result<usize, String> {
        let failed = |error: io::Error| format!("{}: {error}", directory.display());
        let mut others = 0;
        for entry in fs::read_dir(directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if !is_hash_name(&entry.file_name()) {
                others += 1;
                continue;
            }
            let path = entry.path();
            files.note(&path);
            match self.add_file(&path) {
                // The link's target has gone.
                Err(_) if !path.exists() => {}
                result => result?,
            }
        }
        Ok(others)
    }

    /// Those that can serve; `None` if there is none.
    fn usable(mut self) -> Option<RootCertStore> {
        // A directory has many twice, by two kinds of hash.
        self.0.sort_unstable_by(|a, b| a.as_ref().cmp(b.as_ref()));
        self.0.dedup();
        let mut store = RootCertStore::empty();
        let (added, _) = store.add_parsable_certificates(self.0);
        (added > 0).then_some(store)
    }
}

/// "2e5ac55d.0": eight digits of a hash, and a number for those that share it.
fn is_hash_name(name: &OsStr) -> bool {
    let parts = name.to_str().and_then(|name| name.split_once('.'));
    parts.is_some_and(|(hash, number)| {
        hash.len() == 8
            && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// What `SSL_CERT_FILE` and `SSL_CERT_DIR` name, and nothing else. One that can't be read does no
/// harm beside another that can.
pub(super) fn named(file: Option<&Path>, directories: &[PathBuf]) -> Result<(Arc<RootCertStore>, Files), String> {
    let (mut certificates, mut files) = (Certificates::default(), Files::default());
    let mut problem = None;
    if let Some(file) = file {
        files.note(file);
        if let Err(why) = certificates.add_file(file) {
            problem.get_or_insert(why);
        }
    }
    for directory in directories {
        files.note(directory);
        match certificates.add_directory(directory, &mut files) {
            Ok(0) => {}
            Ok(others) => {
                let shown = directory.display();
                problem.get_or_insert(format!(
                    "{shown} has files, but none that is named by a hash ({others} others): run `openssl rehash {shown}`"
                ));
            }
            Err(why) => drop(problem.get_or_insert(why)),
        }
    }
    let roots = certificates.usable().ok_or_else(|| {
        let why = problem.unwrap_or_else(|| "there is no certificate in PEM form in it".to_owned());
        format!("SSL_CERT_FILE or SSL_CERT_DIR gives no trusted certificate: {why}")
    })?;
    Ok((Arc::new(roots), files))
}

/// Where systems keep all their authorities in one file, and where in a directory.
#[cfg(all(unix, not(target_os = "macos")))]
const BUNDLES: [&str; 8] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/opt/etc/ssl/certs/ca-certificates.crt",
    "/usr/local/etc/ssl/cert.pem",
    "/etc/openssl/certs/ca-certificates.crt",
];
#[cfg(all(unix, not(target_os = "macos")))]
const DIRECTORIES: [&str; 5] =
    ["/etc/ssl/certs", "/etc/pki/tls/certs", "/usr/local/share/certs", "/etc/certs/CA", "/etc/openssl/certs"];

/// The system's store, or Mozilla's list where there is none at all.
#[cfg(all(unix, not(target_os = "macos")))]
pub(super) fn of_the_system() -> Result<(Arc<RootCertStore>, Files), String> {
    let mut files = Files::default();
    let bundles = BUNDLES.map(Path::new);
    let store = first_store(&bundles, &DIRECTORIES.map(Path::new), &mut files);
    let store = store.map_err(|why| format!("the system's trust store can't be read: {why}"))?;
    Ok((Arc::new(store.unwrap_or_else(bundled_roots)), files))
}

/// The first place with certificates: a bundle alone where there is one, since the directory beside
/// it repeats it in hundreds of files. A place that is there and can't be read, or a bundle without a
/// certificate, is no reason to trust others in its stead.
#[cfg(all(unix, not(target_os = "macos")))]
fn first_store(bundles: &[&Path], directories: &[&Path], files: &mut Files) -> Result<Option<RootCertStore>, String> {
    for bundle in bundles {
        files.note(bundle);
        if is_there(bundle)? {
            let mut certificates = Certificates::default();
            certificates.add_file(bundle)?;
            let store = certificates.usable();
            return store.map(Some).ok_or_else(|| format!("{}: no certificate in PEM form in it", bundle.display()));
        }
    }
    for directory in directories {
        files.note(directory);
        if is_there(directory)? {
            let mut certificates = Certificates::default();
            certificates.add_directory(directory, files)?;
            if let Some(store) = certificates.usable() {
                return Ok(Some(store));
            }
        }
    }
    Ok(None)
}

/// Whether it is there; an error where the way to it can't be searched, and nobody knows.
#[cfg(all(unix, not(target_os = "macos")))]
fn is_there(path: &Path) -> Result<bool, String> {
    match fs::metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// The system's store, or Mozilla's list where it is empty; an error where it could not be asked.
#[cfg(not(all(unix, not(target_os = "macos"))))]
pub(super) fn of_the_system() -> Result<(Arc<RootCertStore>, Files), String> {
    let loaded = rustls_native_certs::load_native_certs();
    let store = match (Certificates(loaded.certs).usable(), loaded.errors.first()) {
        (Some(store), _) => store,
        (None, Some(error)) => return Err(format!("the system's trust store can't be read: {error}")),
        (None, None) => bundled_roots(),
    };
    Ok((Arc::new(store), Files::default()))
}

fn bundled_roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustls::pki_types::pem::PemObject;

    use super::*;

    const PEM: &str = include_str!("../../../tests/conformance/other_ca.pem");
    const LINES: [&str; 14] = [
        "-----BEGIN CERTIFICATE-----",
        "-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----",
        "-----END CERTIFICATE-----",
        "-----BEGIN TRUSTED CERTIFICATE-----",
        "-----END TRUSTED CERTIFICATE-----",
        "AAAABBBBCCCC",
        "AAAABBBBCCCC",
        "AAA=",
        "BB==",
        "",
        "# a comment",
        "-----BEGIN CERTIFICATE----",
        "-----END CERTIFICATE----",
    ];

    #[test]
    fn ca_files_that_are_none_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &[u8]| {
            let path = directory.path().join(name);
            fs::write(&path, content).unwrap();
            path
        };
        let cases = [
            (directory.path().join("absent"), "No such file"),
            (directory.path().to_owned(), "not a regular file"),
            (write("empty", b""), "no certificate"),
            (write("text", b"hello\n"), "no certificate"),
            (write("cut", b"-----BEGIN CERTIFICATE-----\nMIIB\n"), "PEM"),
            (write("junk", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "no certificate"),
        ];
        for (path, expected) in cases {
            let error = CaFile::read(&path).unwrap_err();
            assert!(error.contains(expected), "{error}");
            assert!(error.contains(path.to_str().unwrap()), "{error}");
        }
    }

    proptest! {
        /// The same that rustls finds; or the text is refused.
        #[test]
        fn certificates_are_found_in_any_text(
            lines in proptest::collection::vec(0..LINES.len(), 0..12),
            end in prop_oneof![Just("\n"), Just("\r\n"), Just("\r"), Just(" \n")],
        ) {
            let text = lines.iter().map(|line| LINES[*line]).collect::<Vec<_>>().join(end);
            let mut certificates = Certificates::default();
            if certificates.add_pem(text.as_bytes()).is_ok() {
                let expected: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
                prop_assert_eq!(expected.unwrap(), certificates.0, "{}", text);
            }
        }
    }

    #[test]
    fn pem_texts() {
        const ONE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\nBB==\n-----END CERTIFICATE-----\n";
        const OTHER: &str = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
        let texts = [
            (String::new(), Some(0)),
            (ONE.repeat(3), Some(3)),
            (format!("# Some Authority\n{ONE}\n{OTHER}text\n{ONE}"), Some(2)),
            (ONE.replace('\n', "\r\n"), Some(1)),
            (ONE.replace('\n', "\r"), Some(1)),
            (ONE.replace('\n', " \n"), Some(1)),
            (ONE.trim_end().to_owned(), Some(1)),
            (ONE.replace("==", ""), Some(1)),
            (OTHER.replace("PUBLIC KEY", "TRUSTED CERTIFICATE"), Some(0)),
            (ONE.replace("BB==", "*B=="), None),
            (format!("{ONE}{}", &ONE[..15]), None),
            (format!("{ONE}{}", &ONE[..30]), None),
            (format!("{ONE}{}", &ONE[..ONE.len() - 2]), None),
            (ONE.replace("END CERTIFICATE", "END PUBLIC KEY"), None),
            (format!("{}{ONE}", &ONE[..30]), None),
        ];
        for (text, expected) in texts {
            let mut certificates = Certificates::default();
            let found = certificates.add_pem(text.as_bytes()).map(|()| certificates.0.len());
            assert_eq!(found.ok(), expected, "{text}");
        }
    }

    #[test]
    fn names_of_hashes() {
        for (name, expected) in [
            ("2e5ac55d.0", true),
            ("2E5AC55D.12", true),
            ("2e5ac55d.r0", false),
            ("2e5ac55d", false),
            ("2e5ac55d.", false),
            ("2e5ac55.0", false),
            ("ca-certificates.crt", false),
            ("ca.pem", false),
        ] {
            assert_eq!(is_hash_name(OsStr::new(name)), expected, "{name}");
        }
    }

    /// The bundles, the directories, and how many certificates are found there; or what is said.
    #[cfg(all(unix, not(target_os = "macos")))]
    type Row<'a> = (&'a [&'a str], &'a [&'a str], Result<usize, &'a str>);

    #[cfg(all(unix, not(target_os = "macos")))]
    #[test]
    fn a_store_that_is_there_and_can_not_be_read_is_not_replaced() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        fs::write(path("good"), PEM).unwrap();
        fs::write(path("empty"), "").unwrap();
        fs::write(path("broken"), "-----BEGIN CERTIFICATE-----\nMIIB\n").unwrap();
        fs::create_dir(path("hashed")).unwrap();
        fs::write(path("hashed/2e5ac55d.0"), PEM).unwrap();
        std::os::unix::fs::symlink("gone", path("hashed/2e5ac55d.1")).unwrap();
        fs::create_dir(path("none")).unwrap();
        std::os::unix::fs::symlink(path("loop"), path("loop")).unwrap();
        let rows: [Row; 9] = [
            (&["absent", "good"], &[], Ok(1)),
            (&["absent"], &["hashed"], Ok(1)),
            (&["absent"], &["absent", "none", "hashed"], Ok(1)),
            (&["absent"], &["absent", "none"], Ok(0)),
            (&["good/under-a-file"], &[], Ok(0)),
            (&["empty", "good"], &["hashed"], Err("empty: no certificate")),
            (&["broken", "good"], &[], Err("broken: not PEM")),
            (&["loop", "good"], &[], Err("loop: ")),
            (&[], &["good"], Err("good: ")),
        ];
        for (bundles, directories, expected) in rows {
            let paths = |names: &[&str]| names.iter().map(|name| path(name)).collect::<Vec<_>>();
            let (bundles, directories) = (paths(bundles), paths(directories));
            let bundles: Vec<&Path> = bundles.iter().map(PathBuf::as_path).collect();
            let directories: Vec<&Path> = directories.iter().map(PathBuf::as_path).collect();
            let found = first_store(&bundles, &directories, &mut Files::default());
            match (found, expected) {
                (Ok(store), Ok(count)) => assert_eq!(store.map_or(0, |store| store.len()), count, "{bundles:?}"),
                (Err(why), Err(says)) => assert!(why.contains(says), "{why}"),
                (found, _) => panic!("{bundles:?}, {directories:?}: {found:?}"),
            }
        }
    }

    #[test]
    fn the_bundled_roots_can_serve() {
        assert!(bundled_roots().len() > 50);
    }
}
