//! Label and field selectors, as a query of the Kubernetes API writes them.

use ajj_engine::Node;

/// Whether an object has the labels that a selector wants; `None` where it cannot be read.
pub(super) fn matches_labels(object: Node<'_>, selector: &str) -> Option<bool> {
    let label = |key: &str| object.at(&["metadata", "labels", key]).and_then(|node| node.as_str());
    let mut holds = true;
    for requirement in split(selector) {
        holds &= requirement_holds(requirement, &label)?;
    }
    Some(holds)
}

/// Whether an object has the fields that a selector wants; `None` where it cannot be read.
pub(super) fn matches_fields(object: Node<'_>, selector: &str) -> Option<bool> {
    let mut holds = true;
    for requirement in split(selector) {
        let (field, value, is_wanted) = equality(requirement)?;
        let keys: Vec<&str> = field.split('.').collect();
        let found = object.at(&keys).and_then(|node| node.as_str()).unwrap_or_default();
        holds &= (found == value) == is_wanted;
    }
    Some(holds)
}

fn requirement_holds<'l>(
    requirement: &str,
    label: &impl Fn(&str) -> Option<&'l str>,
) -> Option<bool> {
    if let Some((key, values)) = requirement.split_once('(') {
        let values = values.trim().strip_suffix(')')?;
        let mut words = key.split_whitespace();
        let (key, operator) = (words.next()?, words.next()?);
        let found = label(key).map(|found| values.split(',').any(|value| value.trim() == found));
        return match operator {
            "in" => Some(found == Some(true)),
            "notin" => Some(found != Some(true)),
            _ => None,
        };
    }
    if let Some((key, value, is_wanted)) = equality(requirement) {
        return Some((label(key) == Some(value)) == is_wanted);
    }
    match requirement.strip_prefix('!') {
        Some(key) => Some(label(key.trim()).is_none()),
        None => Some(label(requirement).is_some()),
    }
}

/// `key=value`, `key==value` or `key!=value`, with whether equal is wanted.
fn equality(requirement: &str) -> Option<(&str, &str, bool)> {
    for (operator, is_wanted) in [("!=", false), ("==", true), ("=", true)] {
        if let Some((key, value)) = requirement.split_once(operator) {
            return Some((key.trim(), value.trim(), is_wanted));
        }
    }
    None
}

/// Splits at commas that stand outside brackets.
fn split(selector: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    selector
        .split(move |character| {
            match character {
                '(' => inside = true,
                ')' => inside = false,
                _ => (),
            }
            character == ',' && !inside
        })
        .map(str::trim)
        .filter(|requirement| !requirement.is_empty())
}

#[cfg(test)]
mod tests {
    use ajj_engine::{Limits, parse_yaml};

    use super::{matches_fields, matches_labels};

    #[test]
    fn selectors() {
        let text = "metadata: {name: a, labels: {app: web, tier: front}}";
        let object = parse_yaml(text, &Limits::default()).unwrap();
        for (selector, expected) in [
            ("", Some(true)),
            ("app=web", Some(true)),
            ("app==web,tier=front", Some(true)),
            ("app=web,tier=back", Some(false)),
            ("app!=web", Some(false)),
            ("other!=x", Some(true)),
            ("app", Some(true)),
            ("other", Some(false)),
            ("!other", Some(true)),
            ("!app", Some(false)),
            ("app in (web, api), tier", Some(true)),
            ("app in (api)", Some(false)),
            ("app notin (api,db)", Some(true)),
            ("other notin (api)", Some(true)),
            ("app near (web)", None),
            ("app in (web", None),
        ] {
            assert_eq!(matches_labels(object.root(), selector), expected, "{selector}");
        }
        for (selector, expected) in [
            ("metadata.name=a", Some(true)),
            ("metadata.name!=a", Some(false)),
            ("metadata.namespace=", Some(true)),
            ("metadata.name", None),
        ] {
            assert_eq!(matches_fields(object.root(), selector), expected, "{selector}");
        }
    }
}
