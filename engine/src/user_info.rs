//! Reads who asks, from the file that upstream's command line reads (kind `UserInfo`).

use crate::decode::{Fields, Problems};
use crate::diagnostic::Diagnostic;
use crate::read::Document;
use crate::request::UserInfo;
use crate::tree::Node;
use crate::user_texts::Extra;

impl UserInfo {
    /// Reads a user info file (`kind: UserInfo` of cli.kyverno.io); `None` where it is no map.
    pub fn read(document: &Document) -> (Option<Self>, Vec<Diagnostic>) {
        let problems = Problems::of(document);
        let user = user_info(document.tree().root(), &problems);
        (user, problems.into_diagnostics())
    }
}

/// Who asks: a document of kind `UserInfo`.
fn user_info(root: Node<'_>, problems: &Problems<'_>) -> Option<UserInfo> {
    let mut fields = Fields::of(root, "a user info file", problems)?.fold_case();
    fields.ignore(&["apiVersion", "kind", "metadata", "synchronize"]);
    let mut user = UserInfo {
        roles: fields.texts("roles").unwrap_or_default(),
        cluster_roles: fields.texts("clusterRoles").unwrap_or_default(),
        ..UserInfo::default()
    };
    if let Some(inner) = fields.fields("userInfo") {
        let mut inner = inner.fold_case();
        user.username = inner.text("username").unwrap_or_default().to_owned();
        user.uid = inner.text("uid").unwrap_or_default().to_owned();
        let groups = inner.texts("groups").unwrap_or_default();
        user.groups = groups.iter().map(String::as_str).collect();
        user.extra = Extra::gather(inner.get("extra"));
        inner.finish();
    }
    fields.finish();
    Some(user)
}
