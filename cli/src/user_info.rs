//! Reads who asks, from the file that upstream's command line reads (kind `UserInfo`).

use ajj_engine::{Diagnostic, Limits, Node, Source, UserInfo, nearest, read};

/// The fields of the file, and of its `userInfo`.
const FIELDS: &[&str] = &["apiVersion", "kind", "metadata", "roles", "clusterRoles", "userInfo"];
const USER_FIELDS: &[&str] = &["username", "uid", "groups", "extra"];

/// The user that the first document names.
pub(crate) fn read_user_info(
    sources: &[Source],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<UserInfo> {
    let source = sources.first()?;
    let reading = read(source, &Limits::default());
    let has_errors = !reading.diagnostics.is_empty();
    diagnostics.extend(reading.diagnostics);
    let Some(document) = reading.documents.first() else {
        if !has_errors {
            diagnostics
                .push(Diagnostic::error("user-info", "expected a `UserInfo`, found nothing"));
        }
        return None;
    };
    let places = document.places();
    let root = document.tree().root();
    let mut problem = |steps: &[&str], message: String| {
        diagnostics.push(Diagnostic::error("user-info", message).at(Some(places.span(steps))));
    };
    let mut check = |parent: &[&str], node: Node<'_>, known: &[&str]| {
        let Some(entries) = node.as_map() else {
            problem(parent, "expected a map".to_owned());
            return;
        };
        for (key, _) in entries.iter().filter(|(key, _)| !known.contains(key)) {
            let steps: Vec<&str> = parent.iter().copied().chain([key]).collect();
            let message = match nearest(key, known.iter().copied()) {
                Some(near) => format!("unknown field `{key}`; did you mean `{near}`?"),
                None => format!("unknown field `{key}`; expected one of {}", known.join(", ")),
            };
            problem(&steps, message);
        }
    };
    check(&[], root, FIELDS);
    if let Some(user) = root.get("userInfo") {
        check(&["userInfo"], user, USER_FIELDS);
    }
    let mut reader = Reader { root, problem: &mut problem };
    Some(UserInfo {
        username: reader.text(&["userInfo", "username"]),
        uid: reader.text(&["userInfo", "uid"]),
        groups: reader.texts(&["userInfo", "groups"]),
        extra: reader.extra(),
        roles: reader.texts(&["roles"]),
        cluster_roles: reader.texts(&["clusterRoles"]),
    })
}

struct Reader<'r, P: FnMut(&[&str], String)> {
    root: Node<'r>,
    problem: &'r mut P,
}

impl<P: FnMut(&[&str], String)> Reader<'_, P> {
    fn text(&mut self, steps: &[&str]) -> String {
        match self.root.at(steps).filter(|node| !node.is_null()) {
            None => String::new(),
            Some(node) => match node.as_str() {
                Some(text) => text.to_owned(),
                None => {
                    (self.problem)(steps, "expected a text".to_owned());
                    String::new()
                }
            },
        }
    }

    fn texts(&mut self, steps: &[&str]) -> Vec<String> {
        let Some(node) = self.root.at(steps).filter(|node| !node.is_null()) else {
            return Vec::new();
        };
        let items: Option<Vec<String>> = node
            .as_list()
            .and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect());
        items.unwrap_or_else(|| {
            (self.problem)(steps, "expected a list of texts".to_owned());
            Vec::new()
        })
    }

    fn extra(&mut self) -> Vec<(String, Vec<String>)> {
        let entries = self.root.at(&["userInfo", "extra"]).and_then(|extra| extra.as_map());
        let keys: Vec<&str> =
            entries.iter().flat_map(|map| map.iter().map(|(key, _)| key)).collect();
        keys.into_iter()
            .map(|key| (key.to_owned(), self.texts(&["userInfo", "extra", key])))
            .collect()
    }
}
