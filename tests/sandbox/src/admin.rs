//! The admin paths under `/_sandbox/`: the handle's methods for those who speak HTTP.

use serde_json::json;

use crate::connections::How;
use crate::faults::Rule;
use crate::http::{Reply, Request};
use crate::shared::{Shared, lock};

const ROOT: &str = "/_sandbox/";

/// Whether a request is the admin's and no part of the service.
pub(crate) fn is_admin(request: &Request) -> bool {
    request.target.starts_with(ROOT)
}

/// Answers the admin.
pub(crate) async fn answer(shared: &Shared, request: &Request) -> Reply {
    let path = request.path().strip_prefix(ROOT).unwrap_or_default();
    match (request.method.as_str(), path) {
        ("POST", "faults") => add_faults(shared, &request.body),
        ("GET", "faults") => Reply::json(200, &json!(lock(&shared.faults).rules())),
        ("DELETE", "faults") => {
            lock(&shared.faults).clear();
            done()
        }
        ("GET", "requests") => {
            let journal = lock(&shared.journal);
            Reply::json(200, &json!(journal.records().collect::<Vec<_>>()))
        }
        ("DELETE", "requests") => {
            shared.clear_records();
            done()
        }
        ("GET", "stats") => Reply::json(200, &json!(shared.stats())),
        ("GET", "settings") => Reply::json(200, &lock(&shared.settings).report()),
        ("POST", "close_idle") => close_idle(shared, request).await,
        ("POST", "reset") => {
            shared.reset();
            done()
        }
        _ => Reply::error(404, "no such admin path: see README.md"),
    }
}

fn done() -> Reply {
    Reply::json(200, &json!({}))
}

fn add_faults(shared: &Shared, body: &[u8]) -> Reply {
    let rules: Vec<Rule> = match serde_json::from_slice(body) {
        Ok(rules) => rules,
        Err(why) => return Reply::error(400, &format!("an array of rules was expected: {why}")),
    };
    if let Some(why) = rules.iter().find_map(|rule| rule.then.check().err()) {
        return Reply::error(400, &why);
    }
    let mut faults = lock(&shared.faults);
    for rule in rules {
        faults.add(rule);
    }
    Reply::json(200, &json!({ "rules": faults.rules().len() }))
}

async fn close_idle(shared: &Shared, request: &Request) -> Reply {
    let how = match request.query("how").as_deref() {
        None | Some("close") => How::Close,
        Some("reset") => How::Reset,
        Some(_) => return Reply::error(400, "how should be close or reset"),
    };
    let closed = shared.idle.close(how).await;
    Reply::json(200, &json!({ "closed": closed }))
}
