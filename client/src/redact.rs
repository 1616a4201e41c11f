//! Cutting a secret out of a text, however it was escaped on the way.

/// What stands in its place.
const MARK: &str = "[key]";

/// `text` with [`MARK`] for each `secret` in it: as it is, or with any of its characters escaped as
/// JSON (`\\"`, `\\u0022`), URLs (`%22`) or HTML (`&quot;`, `&#34;`) do it, more than once too.
pub(crate) fn cut_out(secret: &str, text: &str) -> String {
    let as_it_is = text.replace(secret, MARK);
    // A secret may look like an escape itself.
    let literal: Vec<char> = secret.chars().filter(|character| *character != '\\').collect();
    let read: Vec<char> = plain(secret).map(|(character, _)| character).collect();
    cut_out_escaped(&read, &cut_out_escaped(&literal, &as_it_is))
}

fn cut_out_escaped(wanted: &[char], text: &str) -> String {
    if wanted.is_empty() {
        return text.to_owned();
    }
    let found: Vec<(char, (usize, usize))> = plain(text).collect();
    let mut out = String::with_capacity(text.len());
    let (mut copied, mut at) = (0, 0);
    while let Some(window) = found.get(at..at + wanted.len()) {
        let escaped = window.iter().any(|(character, (begin, end))| end - begin > character.len_utf8());
        if escaped && window.iter().map(|(character, _)| character).eq(wanted) {
            let begin = window[0].1.0.max(copied);
            out.push_str(&text[copied..begin]);
            out.push_str(MARK);
            copied = window[window.len() - 1].1.1;
            at += wanted.len();
        } else {
            at += 1;
        }
    }
    out.push_str(&text[copied..]);
    out
}

/// The characters that a text stands for, with where each begins and ends in it. Backslashes only
/// escape, so they are none, but belong to what follows them.
fn plain(text: &str) -> impl Iterator<Item = (char, (usize, usize))> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let begin = at;
        loop {
            let rest = &text[at..];
            let (character, length) = escaped(rest).or_else(|| rest.chars().next().map(|c| (c, c.len_utf8())))?;
            at += length;
            if character != '\\' {
                return Some((character, (begin, at)));
            }
        }
    })
}

/// The character that an escape at the beginning of `text` stands for, and the escape's length.
fn escaped(text: &str) -> Option<(char, usize)> {
    let hex = |digits: Option<&str>| u32::from_str_radix(digits?, 16).ok().and_then(char::from_u32);
    if let Some(rest) = text.strip_prefix("\\u") {
        return Some((hex(rest.get(..4))?, 6));
    }
    if let Some(rest) = text.strip_prefix('%') {
        return Some((hex(rest.get(..2))?, 3));
    }
    let entity = text.strip_prefix('&')?;
    let name = &entity[..entity.find(';').filter(|end| *end <= 8)?];
    let character = match name {
        "quot" => '"',
        "apos" => '\'',
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        _ => match name.strip_prefix("#x").or_else(|| name.strip_prefix("#X")) {
            Some(digits) => hex(Some(digits))?,
            None => char::from_u32(name.strip_prefix('#')?.parse().ok()?)?,
        },
    };
    Some((character, name.len() + 2))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_is_cut_out_in_any_of_its_forms() {
        let key = r#"SG.a"b\c/d&e%41"#;
        let json = |text: &str| serde_json::to_string(text).unwrap().trim_matches('"').to_owned();
        let percent = key.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
        let unicode = key.chars().map(|c| format!("\\u{:04X}", u32::from(c))).collect::<Vec<_>>().concat();
        let forms = [
            key.to_owned(),
            json(key),
            json(&json(key)),
            key.replace('/', r"\/"),
            key.replace('"', r"\u0022"),
            key.replace('&', "&amp;").replace('"', "&quot;"),
            key.replace('"', "&#34;").replace('&', "&#x26;").replace("&#x26;#34;", "&#34;"),
            percent,
            unicode,
        ];
        for form in forms {
            let text = format!("before {form}, {form} after");
            assert_eq!(cut_out(key, &text), "before [key], [key] after", "{form}");
        }
        for harmless in ["", "SG.a", "%", "%4", "&", "&#;", "&#99999999;", r"\", r"\u12", "ü%zz世"] {
            assert_eq!(cut_out(key, harmless), harmless);
        }
        assert_eq!(cut_out(r"\\", r"a\\b"), "a[key]b");
    }

    proptest! {
        #[test]
        fn no_text_keeps_the_key(key in "[!-~]{1,40}", before in any::<String>(), after in any::<String>()) {
            let cut = cut_out(&key, &format!("{before}{key}{after}"));
            prop_assume!(!MARK.contains(&key) && !before.contains(&key) && !after.contains(&key));
            prop_assert!(cut.contains(MARK), "{}", cut);
        }

        #[test]
        fn what_is_no_key_is_left_alone(text in any::<String>()) {
            prop_assert_eq!(cut_out("SG.never-in-it", &text), text);
        }
    }
}
