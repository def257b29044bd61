//! The roles of the users of recorded reviews, from the bindings among the facts.

use ajj_engine::manifest::{Content, objects};
use ajj_engine::{Diagnostic, Limits, PolicySet, Request, Source, read};
use ajj_webhook::Grants;

/// The bindings that facts hold; none where they hold none, which is not to say that nobody has roles.
#[derive(Debug)]
pub(crate) struct RecordedRoles(Option<Grants>);

impl RecordedRoles {
    pub(crate) fn of(facts: &[Source]) -> Self {
        let (mut of_namespaces, mut of_cluster) = (Vec::new(), Vec::new());
        for source in facts {
            // What cannot be read is said where facts are read.
            for document in read(source, &Limits::default()).documents {
                let Content::Objects(found) = objects(document.tree()) else { continue };
                for object in found.into_iter().map(|found| found.object) {
                    match object.root().get("kind").and_then(|kind| kind.as_str()) {
                        Some("RoleBinding") => of_namespaces.push(object),
                        Some("ClusterRoleBinding") => of_cluster.push(object),
                        _ => {}
                    }
                }
            }
        }
        let has_any = !of_namespaces.is_empty() || !of_cluster.is_empty();
        Self(has_any.then(|| Grants::of(&of_namespaces, &of_cluster)))
    }

    /// Fills in the roles of the user where a rule asks for them; without bindings such a rule would
    /// be about nobody, in silence.
    pub(crate) fn fill(
        &self,
        policies: &PolicySet,
        request: &mut Request,
    ) -> Result<(), Diagnostic> {
        if !policies.asks_roles_of(request) {
            return Ok(());
        }
        let Some(user) = &mut request.user else { return Ok(()) };
        match &self.0 {
            Some(grants) => {
                grants.fill(user);
                Ok(())
            }
            None => {
                let name = ajj_engine::report::escape::escape(&user.username);
                let message =
                    format!("a rule asks for the roles of `{name}`, which a review does not say");
                Err(Diagnostic::error("roles-unknown", message)
                    .help("give the RoleBindings and ClusterRoleBindings with --facts FILE"))
            }
        }
    }
}
