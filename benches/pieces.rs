//! The pieces of a call, as far as the safe API shows them: `cargo bench`.

use std::time::Duration;

use divan::{Bencher, black_box};
use sg_open_tracking::{Client, Code, Config, Region};
use sg_open_tracking_sandbox::{Options, Rule, Sandbox, Then};

const KEY: &str = "SG.bbbbbbbbbbbbbbbbbbbbbb.ccccccccccccccccccccccccccccccccccccccccccc";
const SUBUSER: &str = "subuser-00001";

fn main() {
    divan::main();
}

/// Options that reach `sandbox` and nothing else.
fn config(sandbox: &Sandbox) -> Config {
    let mut config = Config::new();
    config.set_base_url(sandbox.url()).unwrap();
    config.set_ca_file(sandbox.ca_file().unwrap()).unwrap();
    config.set_proxy(Some("")).unwrap();
    config.set_max_retries(0);
    config
}

/// Before anything is sent.
mod checks {
    use super::*;

    #[divan::bench]
    fn base_url(bencher: Bencher) {
        let mut config = Config::new();
        bencher.bench_local(|| config.set_base_url(black_box("https://api.sendgrid.com")).is_ok());
    }

    #[divan::bench]
    fn new_client() -> Client {
        Client::new(black_box(KEY), Region::Global, &Config::new()).unwrap()
    }

    #[divan::bench]
    fn derived_client(bencher: Bencher) {
        let client = Client::new(KEY, Region::Global, &Config::new()).unwrap();
        bencher.bench(|| client.derive(Some(Duration::from_secs(1))).unwrap());
    }

    /// The whole way through the safe API and back, with nothing sent.
    #[divan::bench]
    fn refused_name(bencher: Bencher) {
        let client = Client::new(KEY, Region::Global, &Config::new()).unwrap();
        bencher.bench(|| client.update(false, Some(black_box("a\r\nb"))).unwrap_err());
    }
}

/// The pieces by themselves: `cargo bench --bench pieces`.
mod alone {
    use sg_open_tracking::internals;

    use super::*;

    fn client() -> Client {
        Client::new(KEY, Region::Global, &Config::new()).unwrap()
    }

    #[divan::bench(args = [None, Some(SUBUSER)])]
    fn build_request(bencher: Bencher, name: Option<&str>) {
        let client = client();
        bencher.bench(|| internals::build_request(&client, false, black_box(name)).unwrap());
    }

    #[divan::bench(args = [
        (200, r#"{"enabled":false}"#),
        (403, r#"{"errors":[{"field":"null","message":"access forbidden"}]}"#),
        (503, "<html><head><title>503 Service Unavailable</title></head></html>"),
    ])]
    fn parse_reply(bencher: Bencher, (status, body): (u16, &str)) {
        let client = client();
        bencher.bench(|| internals::parse_reply(&client, status, black_box(body.as_bytes())).is_ok());
    }

    #[divan::bench]
    fn learn_the_limit(bencher: Bencher) {
        let client = client();
        let headers = internals::rate_limit_headers();
        bencher.bench(|| internals::learn(&client, black_box(&headers)));
    }
}

/// A message longer than a result can hold is cleaned and cut on a character.
#[divan::bench(args = ["a", "ü", "世"])]
fn truncation(bencher: Bencher, filler: &str) {
    let name = filler.repeat(4000 / filler.len());
    bencher.bench(|| Config::new().set_ca_file(black_box(&name)).unwrap_err());
}

/// The pacer says no: the only turn of this minute is taken.
#[divan::bench]
fn pacer(bencher: Bencher) {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let mut config = config(&sandbox);
    config.set_requests_per_minute(1).set_timeout(Duration::from_secs(1)).unwrap();
    let client = Client::new(sandbox.key(), Region::Global, &config).unwrap();
    client.get(None).unwrap();
    bencher.bench(|| assert_eq!(client.get(None).unwrap_err().code(), Code::RateLimited));
}

/// Request, reply and all between, over a warm connection. What they cost beside each other is
/// what their request or reply costs more.
mod warm_call {
    use super::*;

    fn bench(bencher: Bencher, fault: Option<Then>, call: impl Fn(&Client) -> Code + Sync) {
        let sandbox = Sandbox::start(Options::default()).unwrap();
        if let Some(then) = fault {
            sandbox.fault(Rule::always(then));
        }
        let client = Client::new(sandbox.key(), Region::Global, &config(&sandbox)).unwrap();
        let expected = call(&client);
        bencher.bench(|| assert_eq!(call(&client), expected));
    }

    fn code<T>(result: Result<T, sg_open_tracking::Error>) -> Code {
        result.map_or_else(|error| error.code(), |_| Code::Ok)
    }

    #[divan::bench]
    fn update(bencher: Bencher) {
        bench(bencher, None, |client| code(client.update(false, None)));
    }

    #[divan::bench]
    fn get(bencher: Bencher) {
        bench(bencher, None, |client| code(client.get(None)));
    }

    #[divan::bench]
    fn get_for_a_subuser(bencher: Bencher) {
        bench(bencher, None, |client| code(client.get(Some(SUBUSER))));
    }

    #[divan::bench]
    fn refused_by_the_server(bencher: Bencher) {
        bench(bencher, Some(Then::status(403)), |client| code(client.get(None)));
    }
}
