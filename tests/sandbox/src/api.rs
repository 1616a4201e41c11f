//! The service: the right answer to each request.

use serde_json::{Value, json};

use crate::http::{Reply, Request};
use crate::state::{Key, ListQuery, Settings, Side};

/// What the service answers a request that came with a known key.
pub(crate) fn answer(settings: &mut Settings, key: &Key, request: &Request) -> Reply {
    if !accepts_json(request) {
        return Reply::usual(406);
    }
    match (request.path(), request.method.as_str()) {
        ("/v3/tracking_settings/open", "GET") => read(settings, key, request),
        ("/v3/tracking_settings/open", "PATCH") => update(settings, key, request),
        ("/v3/subusers", "GET") => list(settings, key, request),
        ("/v3/tracking_settings/open" | "/v3/subusers", _) => Reply::usual(405),
        _ => Reply::usual(404),
    }
}

/// The key that a request came with, if it is one of this side; else the refusal.
pub(crate) fn authorize<'a>(known: Option<&'a Key>, side: Side, request: &Request) -> Result<&'a Key, Reply> {
    match known {
        Some(key) if key.side == side => Ok(key),
        None if request.bearer().is_some() => {
            Err(Reply::error(401, "The provided authorization grant is invalid, expired, or revoked"))
        }
        _ => Err(Reply::usual(401)),
    }
}

fn accepts_json(request: &Request) -> bool {
    let accept = request.header("accept").unwrap_or_default();
    accept
        .split(',')
        .map(|range| range.split(';').next().unwrap_or_default().trim())
        .any(|range| matches!(range, "application/json" | "application/*" | "*/*"))
}

fn read(settings: &Settings, key: &Key, request: &Request) -> Reply {
    if !key.may_read {
        return Reply::usual(403);
    }
    match settings.get(key.side, request.on_behalf_of()) {
        Some(enabled) => setting(enabled),
        None => Reply::usual(404),
    }
}

fn update(settings: &mut Settings, key: &Key, request: &Request) -> Reply {
    if !key.may_update {
        return Reply::usual(403);
    }
    let enabled = match wanted(request) {
        Ok(enabled) => enabled,
        Err(refusal) => return refusal,
    };
    if settings.set(key.side, request.on_behalf_of(), enabled) { setting(enabled) } else { Reply::usual(404) }
}

/// The value that an update asks for. What the real service does with a body that has no
/// `enabled` is not known; a stand-in had better refuse it.
fn wanted(request: &Request) -> Result<bool, Reply> {
    let kind = request.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Reply::error(400, "Content-Type should be application/json"));
    }
    let body: Value =
        serde_json::from_slice(&request.body).map_err(|_| Reply::error(400, "the body should be JSON"))?;
    body.get("enabled")
        .and_then(Value::as_bool)
        .ok_or_else(|| Reply::error_in(400, &json!("enabled"), "enabled should be a boolean"))
}

fn setting(enabled: bool) -> Reply {
    Reply::json(200, &json!({ "enabled": enabled }))
}

fn list(settings: &mut Settings, key: &Key, request: &Request) -> Reply {
    if !key.may_list {
        return Reply::usual(403);
    }
    if request.on_behalf_of().is_some() {
        return Reply::error(400, "on-behalf-of is not allowed here");
    }
    match list_query(key.side, request) {
        Ok(query) => Reply::json(200, &settings.list(key.side, &query)),
        Err(refusal) => refusal,
    }
}

fn list_query(side: Side, request: &Request) -> Result<ListQuery, Reply> {
    let number = |name: &str, default: usize| match request.query(name) {
        None => Ok(default),
        Some(text) => {
            text.parse().map_err(|_| Reply::error_in(400, &json!(name), &format!("{name} should be a number")))
        }
    };
    let limit = number("limit", usize::MAX)?;
    if limit == 0 {
        return Err(Reply::error_in(400, &json!("limit"), "limit should be at least 1"));
    }
    let region = match request.query("region").as_deref() {
        None | Some("all") => side,
        Some("global") => Side::Global,
        Some("eu") => Side::Eu,
        Some(_) => {
            let message = "region should be all, global or eu";
            return Err(Reply::error_in(400, &json!("region"), message));
        }
    };
    Ok(ListQuery {
        limit,
        offset: number("offset", 0)?,
        username: request.query("username"),
        region,
        include_region: request.query("include_region").as_deref() == Some("true"),
    })
}
